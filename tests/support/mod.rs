//! What several test files share.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod raw_http;
pub mod slow_server;
pub mod ssek;
