//! The idle connections of a client.

use std::cell::RefCell;
use std::rc::Rc;

use super::connection::Connection;

/// Connections that wait for a request, by the host and port that they lead to.
#[derive(Clone)]
pub struct Pool {
    /// A test has a host or two, for which a search is quicker than a hash.
    idle: Rc<RefCell<Vec<Place>>>,
    /// How many are kept for each host.
    most: usize,
}

/// A host with its port, and its idle connections.
type Place = (String, Vec<Connection>);

impl Pool {
    /// A pool that keeps `most` connections for each host.
    pub fn new(most: usize) -> Self {
        Self { idle: Rc::default(), most }
    }

    /// Where the connections to a host and port are kept.
    pub fn place(&self, host: &str) -> usize {
        let mut idle = self.idle.borrow_mut();
        idle.iter().position(|(known, _)| known == host).unwrap_or_else(|| {
            idle.push((host.to_owned(), Vec::new()));
            idle.len() - 1
        })
    }

    /// The connection that was used last, if it still stands. Those found dead are dropped.
    pub fn take(&self, place: usize) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        let (_, connections) = idle.get_mut(place)?;
        while let Some(connection) = connections.pop() {
            if connection.is_alive() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection whose answer has ended, if it can be used again and there is room.
    pub fn put(&self, place: usize, mut connection: Connection) {
        if self.most == 0 || !connection.settle() {
            return;
        }
        if let Some((_, connections)) = self.idle.borrow_mut().get_mut(place)
            && connections.len() < self.most
        {
            connections.push(connection);
        }
    }
}
