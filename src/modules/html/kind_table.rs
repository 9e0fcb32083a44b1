//! Every tag that has methods of its own, with k6's names and defaults.

use super::kinds::Kind;
use super::kinds::Read::{Choice, Constant, Known, Link, Made, Number, Present, Text};
use super::{controls, links, options, tables};

type Methods = &'static [(&'static str, super::kinds::Read)];

const NAME: Methods = &[("name", Text("name"))];
const FORM: Methods = &[("form", Made(controls::form))];
const LABELS: Methods = &[("labels", Made(controls::labels))];
const CONTENT: Methods = &[("text", Made(controls::text))];
const REFERRER_POLICY: Methods = &[(
    "referrerPolicy",
    Choice(
        "referrerpolicy",
        &["no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "unsafe-url"],
        "",
    ),
)];
const CROSS_ORIGIN: Methods = &[("crossOrigin", Known("crossorigin", &["anonymous", "use-credentials"]))];
const TEXT_SIZE: Methods = &[("height", Text("height")), ("width", Text("width"))];
const ENCODINGS: &[&str] = &["multipart/form-data", "text/plain"];
const PLAIN_ENCODING: &str = "application/x-www-form-urlencoded";

const ANCHOR: Methods = &[
    ("accessKey", Text("accesskey")),
    ("download", Text("download")),
    ("hash", Made(links::hash)),
    ("host", Made(links::host)),
    ("hostname", Made(links::hostname)),
    ("href", Link("href")),
    ("hrefLang", Text("hreflang")),
    ("origin", Made(links::origin)),
    ("password", Made(links::password)),
    ("pathname", Made(links::pathname)),
    ("port", Made(links::port)),
    ("protocol", Made(links::protocol)),
    ("rel", Text("rel")),
    ("relList", Made(links::rel_list)),
    ("search", Made(links::search)),
    ("target", Text("target")),
    ("toString", Link("href")),
    ("type", Text("type")),
    ("username", Made(links::username)),
];

const MEDIA: Methods = &[
    ("autoplay", Present("autoplay")),
    ("controls", Present("controls")),
    ("currentSrc", Text("src")),
    ("defaultMuted", Present("muted")),
    ("loop", Present("loop")),
    ("mediaGroup", Text("mediagroup")),
    ("muted", Present("muted")),
    ("preload", Choice("preload", &["metadata", "none"], "auto")),
    ("src", Link("src")),
    ("textTracks", Made(controls::text_tracks)),
];

/// What buttons and inputs have in common.
const FIELD: Methods = &[
    ("formAction", Made(controls::form_action)),
    ("formEnctype", Made(controls::form_enctype)),
    ("formMethod", Made(controls::form_method)),
    ("formNoValidate", Made(controls::form_no_validate)),
    ("formTarget", Made(controls::form_target)),
];

const BUTTON: Methods = &[
    ("accessKey", Text("accesskey")),
    ("autofocus", Present("autofocus")),
    ("disabled", Present("disabled")),
    ("tabIndex", Number("tabindex", 0)),
    ("type", Choice("type", &["button", "menu", "reset"], "submit")),
    ("value", Made(controls::value_or_html)),
];

const FIELDSET: Methods = &[
    ("disabled", Present("disabled")),
    ("elements", Made(controls::fieldset_elements)),
    ("type", Constant("fieldset")),
    ("validity", Made(controls::nothing)),
];

const FORM_ELEMENT: Methods = &[
    ("acceptCharset", Text("accept-charset")),
    ("action", Link("action")),
    ("autocomplete", Choice("autocomplete", &["off"], "on")),
    ("elements", Made(controls::form_elements)),
    ("encoding", Choice("enctype", ENCODINGS, PLAIN_ENCODING)),
    ("enctype", Choice("enctype", ENCODINGS, PLAIN_ENCODING)),
    ("length", Made(controls::form_length)),
    ("method", Choice("method", &["post"], "get")),
    ("noValidate", Present("novalidate")),
    ("target", Text("target")),
];

const IMAGE: Methods = &[
    ("alt", Text("alt")),
    ("currentSrc", Link("src")),
    ("height", Number("height", 0)),
    ("isMap", Present("ismap")),
    ("sizes", Text("sizes")),
    ("src", Link("src")),
    ("srcset", Text("srcset")),
    ("useMap", Text("usemap")),
    ("width", Number("width", 0)),
];

const INPUT_TYPES: &[&str] = &[
    "button",
    "checkbox",
    "color",
    "date",
    "datetime-local",
    "email",
    "file",
    "hidden",
    "image",
    "month",
    "number",
    "password",
    "radio",
    "range",
    "reset",
    "search",
    "submit",
    "tel",
    "time",
    "url",
    "week",
];

const INPUT: Methods = &[
    ("accept", Text("accept")),
    ("accessKey", Text("accesskey")),
    ("alt", Text("alt")),
    ("autocomplete", Choice("autocomplete", &["off"], "on")),
    ("autofocus", Present("autofocus")),
    ("checked", Present("checked")),
    ("defaultChecked", Present("checked")),
    ("defaultValue", Text("value")),
    ("dirName", Text("dirname")),
    ("disabled", Present("disabled")),
    ("list", Made(controls::list)),
    ("max", Text("max")),
    ("maxLength", Number("maxlength", -1)),
    ("min", Text("min")),
    ("multiple", Present("multiple")),
    ("pattern", Text("pattern")),
    ("placeholder", Text("placeholder")),
    ("readonly", Present("readonly")),
    ("required", Present("required")),
    ("size", Number("size", 0)),
    ("src", Link("src")),
    ("step", Text("step")),
    ("tabIndex", Number("tabindex", 0)),
    ("type", Choice("type", INPUT_TYPES, "text")),
    ("value", Text("value")),
];

const KEYGEN: Methods = &[
    ("autofocus", Present("autofocus")),
    ("challenge", Text("challenge")),
    ("disabled", Present("disabled")),
    ("keytype", Choice("keytype", &["DSA", "EC"], "RSA")),
    ("type", Constant("keygen")),
];

const LINK: Methods = &[
    ("href", Link("href")),
    ("hreflang", Text("hreflang")),
    ("media", Text("media")),
    ("rel", Text("rel")),
    ("relList", Made(links::rel_list)),
    ("target", Text("target")),
    ("type", Text("type")),
];

const METER: Methods = &[
    ("high", Number("high", 0)),
    ("low", Number("low", 0)),
    ("max", Number("max", 0)),
    ("min", Number("min", 0)),
    ("optimum", Number("optimum", 0)),
];

const OBJECT: Methods = &[
    ("data", Link("data")),
    ("tabIndex", Number("tabindex", 0)),
    ("type", Text("type")),
    ("typeMustMatch", Present("typemustmatch")),
    ("useMap", Text("usemap")),
];

const OPTION: Methods = &[
    ("defaultSelected", Present("selected")),
    ("disabled", Made(options::disabled)),
    ("form", Made(options::form)),
    ("index", Made(options::index)),
    ("label", Made(options::label)),
    ("selected", Present("selected")),
    ("value", Made(controls::value_or_html)),
];

const OUTPUT: Methods = &[
    ("defaultValue", Made(controls::text)),
    ("htmlFor", Text("for")),
    ("type", Constant("output")),
    ("value", Made(controls::text)),
];

const PROGRESS: Methods = &[
    ("max", Made(controls::progress_max)),
    ("position", Made(controls::progress_position)),
    ("value", Made(controls::progress_value)),
];

const SCRIPT: Methods = &[
    ("async", Present("async")),
    ("charset", Text("charset")),
    ("crossOrigin", Text("crossorigin")),
    ("defer", Present("defer")),
    ("noModule", Present("nomodule")),
    ("src", Link("src")),
    ("type", Text("type")),
];

const SELECT: Methods = &[
    ("autofocus", Present("autofocus")),
    ("disabled", Present("disabled")),
    ("length", Made(options::length)),
    ("multiple", Present("multiple")),
    ("options", Made(options::options)),
    ("required", Present("required")),
    ("selectedIndex", Made(options::selected_index)),
    ("selectedOptions", Made(options::selected_options)),
    ("size", Made(options::size)),
    ("tabIndex", Number("tabindex", 0)),
    ("type", Made(options::select_type)),
    ("value", Made(options::selected_value)),
];

const SOURCE: Methods = &[
    ("keySystem", Text("keysystem")),
    ("media", Text("media")),
    ("sizes", Text("sizes")),
    ("src", Link("src")),
    ("srcset", Text("srcset")),
    ("type", Text("type")),
];

const TABLE: Methods = &[
    ("caption", Made(tables::caption)),
    ("rows", Made(tables::rows)),
    ("sortable", Present("sortable")),
    ("tBodies", Made(tables::bodies)),
    ("tFoot", Made(tables::foot)),
    ("tHead", Made(tables::head)),
];

const SECTION: Methods = &[("rows", Made(tables::rows))];

const CELL: Methods = &[
    ("cellIndex", Made(tables::cell_index)),
    ("colSpan", Number("colspan", 1)),
    ("headers", Text("headers")),
    ("rowSpan", Number("rowspan", 1)),
];

const HEADER_CELL: Methods = &[
    ("abbr", Text("abbr")),
    ("scope", Choice("scope", &["row", "col", "colgroup", "rowgroup"], "")),
    ("sorted", Present("sorted")),
];

const ROW: Methods = &[
    ("cells", Made(tables::cells)),
    ("rowIndex", Made(tables::row_index)),
    ("sectionRowIndex", Made(tables::section_row_index)),
];

const TEXT_AREA: Methods = &[
    ("accessKey", Text("accesskey")),
    ("autocapitalize", Choice("autocapitalize", &["none", "off", "characters", "words"], "sentences")),
    ("autocomplete", Choice("autocomplete", &["off"], "on")),
    ("cols", Number("cols", 0)),
    ("defaultValue", Text("value")),
    ("length", Made(controls::text_area_length)),
    ("maxLength", Number("maxlength", 0)),
    ("placeholder", Text("placeholder")),
    ("readOnly", Present("readonly")),
    ("required", Present("required")),
    ("rows", Number("rows", 0)),
    ("tabIndex", Number("tabindex", 0)),
    ("type", Constant("textarea")),
    ("value", Text("value")),
    ("wrap", Choice("wrap", &["hard", "off"], "soft")),
];

const TRACK: Methods = &[
    ("default", Present("default")),
    ("kind", Choice("kind", &["captions", "descriptions", "chapters", "metadata"], "subtitle")),
    ("label", Text("label")),
    ("src", Link("src")),
    ("srclang", Text("srclang")),
];

const LIST_ITEM: Methods = &[
    ("type", Choice("type", &["1", "a", "A", "i", "I", "disc", "square", "circle"], "")),
    ("value", Number("value", 0)),
];

const ORDERED_LIST: Methods = &[
    ("reversed", Present("reversed")),
    ("start", Number("start", 0)),
    ("type", Choice("type", &["a", "A", "i", "I"], "1")),
];

const META: Methods = &[
    ("content", Text("content")),
    ("httpEquiv", Choice("http-equiv", &["default-style", "refresh"], "content-type")),
];

const EDIT: Methods = &[("cite", Text("cite")), ("datetime", Text("datetime"))];
const VALUE: Methods = &[("value", Text("value"))];
const EMBED: Methods = &[("src", Text("src")), ("type", Text("type"))];
const FRAME: Methods = &[("allowfullscreen", Present("allowfullscreen")), ("src", Link("src"))];

/// The table.
pub const KINDS: &[Kind] = &[
    Kind { tag: "a", methods: &[ANCHOR, REFERRER_POLICY, CONTENT] },
    Kind { tag: "area", methods: &[ANCHOR, REFERRER_POLICY, CONTENT] },
    Kind { tag: "audio", methods: &[MEDIA, CROSS_ORIGIN] },
    Kind { tag: "base", methods: &[&[("href", Made(links::base)), ("target", Text("target"))]] },
    Kind { tag: "button", methods: &[FORM, LABELS, NAME, FIELD, BUTTON] },
    Kind { tag: "canvas", methods: &[&[("height", Number("height", 150)), ("width", Number("width", 150))]] },
    Kind { tag: "col", methods: &[&[("span", Made(tables::span))]] },
    Kind { tag: "data", methods: &[VALUE] },
    Kind { tag: "datalist", methods: &[&[("options", Made(options::options))]] },
    Kind { tag: "del", methods: &[EDIT] },
    Kind { tag: "embed", methods: &[EMBED, TEXT_SIZE] },
    Kind { tag: "fieldset", methods: &[FORM, NAME, FIELDSET] },
    Kind { tag: "form", methods: &[NAME, FORM_ELEMENT] },
    Kind { tag: "iframe", methods: &[NAME, FRAME, TEXT_SIZE, REFERRER_POLICY] },
    Kind { tag: "img", methods: &[NAME, IMAGE, CROSS_ORIGIN, REFERRER_POLICY] },
    Kind { tag: "input", methods: &[FORM, LABELS, NAME, FIELD, INPUT, TEXT_SIZE] },
    Kind { tag: "ins", methods: &[EDIT] },
    Kind { tag: "keygen", methods: &[FORM, LABELS, NAME, KEYGEN] },
    Kind {
        tag: "label",
        methods: &[FORM, &[("control", Made(controls::control)), ("htmlFor", Text("for"))]],
    },
    Kind { tag: "legend", methods: &[FORM, &[("accessKey", Text("accesskey"))]] },
    Kind { tag: "li", methods: &[LIST_ITEM] },
    Kind { tag: "link", methods: &[LINK, CROSS_ORIGIN, REFERRER_POLICY] },
    Kind { tag: "map", methods: &[NAME, &[("areas", Made(links::areas)), ("images", Made(links::images))]] },
    Kind { tag: "meta", methods: &[NAME, META] },
    Kind { tag: "meter", methods: &[LABELS, METER] },
    Kind { tag: "object", methods: &[FORM, NAME, OBJECT, TEXT_SIZE] },
    Kind { tag: "ol", methods: &[ORDERED_LIST] },
    Kind { tag: "optgroup", methods: &[&[("disabled", Present("disabled")), ("label", Text("label"))]] },
    Kind { tag: "option", methods: &[OPTION, CONTENT] },
    Kind { tag: "output", methods: &[FORM, LABELS, NAME, OUTPUT] },
    Kind { tag: "param", methods: &[NAME, VALUE] },
    Kind { tag: "pre", methods: &[NAME, VALUE] },
    Kind { tag: "progress", methods: &[LABELS, PROGRESS] },
    Kind { tag: "quote", methods: &[&[("cite", Text("cite"))]] },
    Kind { tag: "script", methods: &[SCRIPT, CONTENT] },
    Kind { tag: "select", methods: &[FORM, LABELS, NAME, SELECT] },
    Kind { tag: "source", methods: &[SOURCE] },
    Kind { tag: "style", methods: &[&[("media", Text("media")), ("type", Made(controls::style_type))]] },
    Kind { tag: "table", methods: &[TABLE] },
    Kind { tag: "tbody", methods: &[SECTION] },
    Kind { tag: "td", methods: &[CELL] },
    Kind { tag: "textarea", methods: &[FORM, LABELS, TEXT_AREA] },
    Kind { tag: "tfoot", methods: &[SECTION] },
    Kind { tag: "th", methods: &[CELL, HEADER_CELL] },
    Kind { tag: "thead", methods: &[SECTION] },
    Kind { tag: "time", methods: &[&[("datetime", Text("datetime"))]] },
    Kind { tag: "title", methods: &[CONTENT] },
    Kind { tag: "tr", methods: &[ROW] },
    Kind { tag: "track", methods: &[TRACK] },
    Kind { tag: "ul", methods: &[&[("type", Text("type"))]] },
    Kind { tag: "video", methods: &[MEDIA, CROSS_ORIGIN] },
];
