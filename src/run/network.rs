//! The network's settings, from the options.
