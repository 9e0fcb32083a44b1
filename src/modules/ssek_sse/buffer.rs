//! Events between the socket and the script: a queue with a bound, and what happens at the bound.

use std::collections::VecDeque;

/// What happens to an event for which the buffer has no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It waits, and with it the server: nothing more is read.
    #[default]
    Wait,
    /// It takes the oldest event's place.
    DropOldest,
    /// It is dropped.
    DropNewest,
    /// The stream ends with an error.
    Error,
}

impl Overflow {
    /// The policy of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "wait" => Some(Self::Wait),
            "drop-oldest" => Some(Self::DropOldest),
            "drop-newest" => Some(Self::DropNewest),
            "error" => Some(Self::Error),
            _ => None,
        }
    }
}

/// What became of an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Pushed<T> {
    Kept,
    /// It, or an older one, was dropped.
    Dropped,
    /// Try again when there is room.
    Waits(T),
    Overflow,
}

/// The queue.
#[derive(Debug)]
pub struct Buffer<T> {
    items: VecDeque<T>,
    size: usize,
    overflow: Overflow,
}

impl<T> Buffer<T> {
    /// An empty buffer for `size` items, at least one.
    pub fn new(size: usize, overflow: Overflow) -> Self {
        Self { items: VecDeque::new(), size: size.max(1), overflow }
    }

    /// Whether the next item may come in without being dropped or refused, or need not wait for that.
    pub fn takes(&self) -> bool {
        self.overflow != Overflow::Wait || self.items.len() < self.size
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Adds an item as far as the policy allows.
    pub fn push(&mut self, item: T) -> Pushed<T> {
        if self.items.len() < self.size {
            self.items.push_back(item);
            return Pushed::Kept;
        }
        match self.overflow {
            Overflow::Wait => Pushed::Waits(item),
            Overflow::DropOldest => {
                self.items.pop_front();
                self.items.push_back(item);
                Pushed::Dropped
            }
            Overflow::DropNewest => Pushed::Dropped,
            Overflow::Error => Pushed::Overflow,
        }
    }

    /// Takes the oldest item. An emptied buffer gives its memory back where it was large.
    pub fn pop(&mut self) -> Option<T> {
        let item = self.items.pop_front();
        if self.items.is_empty() && self.items.capacity() > 64 {
            self.items.shrink_to(16);
        }
        item
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.items = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_at_the_bound() {
        for (name, last, left) in [
            ("wait", Pushed::Waits(3), vec![1, 2]),
            ("drop-oldest", Pushed::Dropped, vec![2, 3]),
            ("drop-newest", Pushed::Dropped, vec![1, 2]),
            ("error", Pushed::Overflow, vec![1, 2]),
        ] {
            let mut buffer = Buffer::new(2, Overflow::named(name).unwrap());
            assert_eq!((buffer.push(1), buffer.takes(), buffer.push(2)), (Pushed::Kept, true, Pushed::Kept));
            assert_eq!(buffer.takes(), name != "wait");
            assert_eq!(buffer.push(3), last, "{name}");
            assert_eq!(std::iter::from_fn(|| buffer.pop()).collect::<Vec<_>>(), left, "{name}");
        }
        assert_eq!(Overflow::named("drop"), None);
    }

    #[test]
    fn room_comes_back() {
        let mut buffer = Buffer::new(0, Overflow::Wait);
        assert_eq!((buffer.push(1), buffer.push(2)), (Pushed::Kept, Pushed::Waits(2)));
        assert_eq!((buffer.pop(), buffer.takes(), buffer.push(2)), (Some(1), true, Pushed::Kept));
        buffer.clear();
        assert_eq!(buffer.pop(), None);
    }
}
