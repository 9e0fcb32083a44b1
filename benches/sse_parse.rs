//! What an event costs to parse, by how the stream is cut.
//!
//! `cargo bench --bench sse_parse`

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use ssek::net::event_stream::{Limits, Parser};

/// As an LLM server sends it.
const EVENT: &[u8] =
    b"data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1741570283,\
\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello \"},\"finish_reason\":null}]}\n\n";

const EVENTS: usize = 1000;

fn main() {
    divan::main();
}

fn parse(bencher: Bencher<'_, '_>, stream: &[u8], cut: usize, events: usize) {
    bencher.counter(ItemsCount::new(events)).counter(BytesCount::new(stream.len())).bench(|| {
        let mut parser = Parser::new(Limits::default(), false);
        let mut out = Vec::new();
        let mut found = 0;
        for piece in stream.chunks(cut) {
            parser.feed(piece, &mut out).expect("within the limits");
            found += out.len();
            out.clear();
        }
        assert_eq!(found, events);
    });
}

#[divan::bench]
fn one_event_a_read(bencher: Bencher<'_, '_>) {
    parse(bencher, &EVENT.repeat(EVENTS), EVENT.len(), EVENTS);
}

#[divan::bench]
fn many_events_a_read(bencher: Bencher<'_, '_>) {
    parse(bencher, &EVENT.repeat(EVENTS), 64 * 1024, EVENTS);
}

#[divan::bench]
fn one_huge_line(bencher: Bencher<'_, '_>) {
    let mut stream = b"data: ".to_vec();
    stream.resize(4 << 20, b'x');
    stream.extend_from_slice(b"\n\n");
    parse(bencher, &stream, 16 * 1024, 1);
}
