//! Modules of our own with the documented behaviour of popular ones from `jslib.k6.io`.

/// Where they are.
const HOST: &str = "https://jslib.k6.io/";

/// Names on that host, each with our module. Any version will do.
const MODULES: &[(&str, &str)] = &[
    ("k6-utils", include_str!("jslib/utils.js")),
    ("k6-summary", include_str!("jslib/summary.js")),
    ("url", include_str!("jslib/url.js")),
    ("formdata", include_str!("jslib/formdata.js")),
    ("papaparse", include_str!("jslib/papaparse.js")),
    ("k6chaijs", include_str!("jslib/chai.js")),
    ("k6-testing", include_str!("jslib/testing.js")),
    ("expect", include_str!("jslib/expect.js")),
    ("functional", include_str!("jslib/expect.js")),
];

/// Our module for a URL such as `https://jslib.k6.io/k6-utils/1.4.0/index.js`.
pub(super) fn find(url: &str) -> Option<&'static str> {
    let path = url.strip_prefix(HOST)?.split(['?', '#']).next()?;
    let mut parts = path.split('/');
    let (name, version, file) = (parts.next()?, parts.next()?, parts.next()?);
    let is_index = matches!(file, "index.js" | "index.min.js") && parts.next().is_none();
    let is_version = version.starts_with(|c: char| c.is_ascii_digit());
    let module = MODULES.iter().find(|(known, _)| *known == name)?;
    (is_index && is_version).then_some(module.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (url, is_ours) in [
            ("https://jslib.k6.io/k6-utils/1.4.0/index.js", true),
            ("https://jslib.k6.io/url/1.0.0/index.js?x", true),
            ("https://jslib.k6.io/k6chaijs/4.3.4.3/index.js", true),
            ("https://jslib.k6.io/k6-utils/index.js", false),
            ("https://jslib.k6.io/k6-utils/1.4.0/other.js", false),
            ("https://jslib.k6.io/aws/0.12.3/aws.js", false),
            ("https://example.com/k6-utils/1.4.0/index.js", false),
        ] {
            assert_eq!(find(url).is_some(), is_ours, "{url}");
        }
    }
}
