//! What Windows does only for a process that asks for it.

use windows_sys::Win32::Media::timeBeginPeriod;

/// Colours and lines that are drawn anew in a console, and timers in steps of a millisecond.
pub(super) fn prepare() {
    // False in a console that cannot do it, whose user sees the codes.
    let _ = anstyle_query::windows::enable_ansi_colors();
    // SAFETY: a call without pointers. Timers are of 15.6 ms otherwise; the end of the process takes it back.
    unsafe { timeBeginPeriod(1) };
}
