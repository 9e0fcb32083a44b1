//! The `params` argument of both modules.

use boa_engine::{Context, JsError, JsResult, JsValue};

use crate::js::convert::{entries, get, is_nullish, to_text};
use crate::js::go_error;
use crate::modules::http::cookies::jar_of;
use crate::modules::tags;
use crate::net::SharedJar;
use crate::vu::State;

/// What a script says about one WebSocket.
#[derive(Debug, Default)]
pub struct Params {
    pub headers: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
    pub jar: Option<SharedJar>,
    pub compress: bool,
}

/// Whose parameters they are: the modules treat faults differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// `new WebSocket`
    WebSockets,
    /// `ws.connect`
    Ws,
}

impl Params {
    /// Reads the parameters in the order in which they were written. Without a jar of its own a WebSocket gets
    /// the VU's.
    ///
    /// # Errors
    ///
    /// A tag or an algorithm that cannot be, or, of `new WebSocket`, an unknown parameter.
    pub fn read(value: &JsValue, caller: Caller, state: &State, context: &mut Context) -> JsResult<Self> {
        let mut params = Self { jar: Some(state.jar()), ..Self::default() };
        let Some(given) = value.as_object() else { return Ok(params) };
        for (key, value) in entries(&given, context)? {
            match key.to_std_string_lossy().as_str() {
                "headers" => {
                    let Some(headers) = value.as_object() else { continue };
                    for (name, value) in entries(&headers, context)? {
                        params.headers.push((name.to_std_string_lossy(), to_text(&value, context)?));
                    }
                }
                "tags" => {
                    let prefix = match caller {
                        Caller::WebSockets => "invalid WebSocket tags option",
                        Caller::Ws => "invalid ws.connect() metric tags",
                    };
                    params.tags =
                        tags::read(&value, context).map_err(|error| prefixed(prefix, error, context))?;
                }
                "jar" => params.jar = jar_of(&value).or(params.jar),
                "compression" => params.compress = compression(&value, caller, context)?,
                unknown if caller == Caller::WebSockets => {
                    return Err(go_error(format!("unknown WebSocket's option {unknown}"), context));
                }
                _ => {}
            }
        }
        Ok(params)
    }
}

fn compression(value: &JsValue, caller: Caller, context: &mut Context) -> JsResult<bool> {
    let algorithm = to_text(value, context)?;
    match algorithm.trim() {
        "deflate" => Ok(true),
        "" if caller == Caller::Ws => Ok(false),
        // k6 asks for a text; what stands for "none" in other modules does so here.
        _ if is_nullish(value) => Ok(false),
        other => Err(go_error(
            format!("unsupported compression algorithm '{other}', supported algorithm is 'deflate'"),
            context,
        )),
    }
}

/// The error with words before its text.
fn prefixed(prefix: &str, error: JsError, context: &mut Context) -> JsError {
    let thrown = match error.clone().into_opaque(context) {
        Ok(thrown) if error.as_engine().is_none() => thrown,
        _ => return error,
    };
    let message = thrown.as_object().map(|thrown| get(&thrown, "message", context));
    match message.transpose().and_then(|message| to_text(&message.unwrap_or(thrown), context)) {
        Ok(text) => go_error(format!("{prefix}: {text}"), context),
        Err(error) => error,
    }
}
