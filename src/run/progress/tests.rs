//! Whole drawings, compared to the column.

use super::*;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn scenario(name: &str, status: Status, bar: Bar) -> ScenarioProgress {
    ScenarioProgress { name: name.to_owned(), status, bar }
}

fn view(scenarios: Vec<ScenarioProgress>) -> ProgressView {
    ProgressView {
        state: RunState::Running,
        elapsed: ms(2030),
        max_duration: ms(630_000),
        vus_active: 2,
        vus_initialised: 6,
        max_vus: 6,
        complete: 16,
        interrupted: 0,
        scenarios,
    }
}

#[test]
fn scenarios_line_up_in_a_pipe() {
    let shown = render_pipe(&view(vec![
        scenario("a", Status::Running, Bar::constant_vus(2, ms(2000), ms(2000))),
        scenario("b_long_name", Status::Done, Bar::shared_iterations(1, 4, 4, ms(800), ms(600_000))),
        scenario("c", Status::Waiting, Bar::waiting(ms(20), ms(2000))),
        scenario("d", Status::Interrupted, Bar::arrivals((0, 3, 3), (4.0, 4.0), ms(1000), ms(2000))),
        scenario("e", Status::Stopping, Bar::constant_vus(2, ms(3100), ms(3000))),
    ]));
    let expected = "
running (00m02.0s), 2/6 VUs, 16 complete and 0 interrupted iterations
a             [ 100% ] 2 VUs    2.0s/2s       \u{20}
b_long_name ✓ [ 100% ] 1 VUs    00m00.8s/10m0s  4/4 shared iters
c           • [   0% ] waiting  0.0s          \u{20}
d           ✗ [  50% ] 0/3 VUs  1.0s/2s         4.00 iters/s
e           ↓ [ 100% ] 2 VUs    3s            \u{20}
";
    assert_eq!(shown, expected);
}

#[test]
fn numbers_of_vus_keep_their_width() {
    let mut view = view(vec![scenario("sc", Status::Running, Bar::constant_vus(3, ms(1000), ms(3000)))]);
    (view.max_duration, view.max_vus, view.complete) = (ms(33_000), 20, 9);
    let expected = "
running (02.0s), 02/06 VUs, 9 complete and 0 interrupted iterations
sc     [  33% ] 3 VUs  1.0s/3s
";
    assert_eq!(render_pipe(&view), expected);
}

#[test]
fn before_the_start_the_first_line_has_a_bar() {
    let mut view = view(vec![scenario("default", Status::Pending, Bar::default())]);
    for (state, line) in [
        (RunState::Paused, "Run       [ 100% ] paused"),
        (RunState::Setup, "Run       [ 100% ] setup()"),
        (
            RunState::Init { progress: 0.2, text: "2/10 VUs initialized".into() },
            "Init      [  20% ] 2/10 VUs initialized",
        ),
    ] {
        view.state = state;
        assert_eq!(render_pipe(&view), format!("\n{line}\ndefault   [   0% ]\n"));
    }
}

#[test]
fn terminals_get_bars() {
    let style = Style { color: true };
    let draw = |millis, columns, status| {
        let bar = Bar::constant_vus(2, ms(millis), ms(3000));
        let lines = render_tty(&view(vec![scenario("default", status, bar)]), columns, style);
        assert_eq!((lines.len(), lines[0].as_str()), (3, ""));
        lines[2].replace("\x1b[", "<")
    };
    let wide = |done: &str| {
        let rest = "-".repeat(38 - done.len());
        format!("default   [{done}<2m{rest}<22m] 2 VUs  ")
    };
    assert_eq!(draw(0, 100, Status::Running), wide("") + "0.0s/3s");
    assert_eq!(draw(100, 100, Status::Running), wide(">") + "0.1s/3s");
    assert_eq!(draw(200, 100, Status::Running), wide("=>") + "0.2s/3s");
    assert_eq!(draw(400, 100, Status::Running), wide("====>") + "0.4s/3s");
    let full = "=".repeat(38);
    assert_eq!(draw(3001, 100, Status::Stopping), format!("default ↓ [{full}<2m<22m] 2 VUs  3s"));
    assert_eq!(draw(3001, 100, Status::Done), format!("default <32m✓<0m [{full}<2m<22m] 2 VUs  3s"));
    assert_eq!(draw(3001, 100, Status::Interrupted), format!("default <31m✗<0m [{full}<2m<22m] 2 VUs  3s"));
    // 10 columns less than the 65 that the line takes and the one that stays free.
    assert_eq!(
        draw(1500, 56, Status::Running),
        "default   [=============><2m--------------<22m] 2 VUs  1.5s/3s"
    );
    assert_eq!(draw(1500, 20, Status::Running), "default   [  50% ] 2 VUs  1.5s/3s");
}

#[test]
fn long_names_are_cut() {
    let name = "a".repeat(31);
    let shown = render_pipe(&view(vec![scenario(&name, Status::Pending, Bar::default())]));
    assert!(shown.ends_with(&format!("\n{}...   [   0% ]\n", "a".repeat(27))));
}

#[test]
fn wrapped_lines_take_more_rows() {
    let lines = ["", "\x1b[32mabcde\x1b[0m", "abcdef"].map(str::to_owned);
    assert_eq!(rows(&lines, 5), 4);
    assert_eq!(rows(&lines, 0), 1 + 5 + 6);
}
