//! What laws of arrivals need from outside: a seed, and the files of recorded times.

use crate::executor::{Law, Segment, Trace};
use crate::js::Sources;
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::log;
use crate::options::Resolved;

/// The seed of a part of a test, where none is given: all parts must have the same.
const SEED_OF_PARTS: i64 = 0;

/// Reads the traces, relative to the main script's folder, and picks a seed where one is needed and none was
/// given.
///
/// # Errors
/// If a trace cannot be read; with the scenario, the file and the line.
pub fn prepare(resolved: &mut Resolved, sources: &Sources) -> Result<(), Failure> {
    let options = &mut resolved.options;
    for scenario in &mut options.scenarios {
        let Law::Trace(file) = scenario.executor.law() else { continue };
        let failed = |error: String| {
            let text = format!("scenario {} has bad arrivals: the trace {error}", scenario.name);
            Failure::new(ExitCode::INVALID_CONFIG, text)
        };
        let bytes = sources.of_option(file).map_err(|e| failed(format!("{file} cannot be read: {e}")))?;
        let trace = Trace::parse(file, &bytes).map_err(failed)?;
        let (all, end) = (trace.times().len(), scenario.executor.plan(&options.share).duration());
        let in_time = trace.until(end);
        if in_time < all {
            log::warn(format!(
                "Scenario {} leaves out {} of the {all} times of {file}: they are after its duration of {end:?}",
                scenario.name,
                all - in_time
            ));
        }
        scenario.trace = trace;
    }
    if options.scenarios.iter().any(|scenario| scenario.executor.law().is_random()) {
        let is_whole = resolved.consolidated.execution_segment.is_none_or(|segment| segment == Segment::FULL);
        let seed = match options.seed {
            Some(seed) => seed,
            None if is_whole => rand::random::<u32>().into(),
            None => SEED_OF_PARTS,
        };
        let text = format!("Arrivals are random; --seed={seed} repeats them");
        if options.seed.is_none() {
            log::info(text)
        } else {
            log::debug(text)
        }
        options.seed = Some(seed);
    }
    Ok(())
}
