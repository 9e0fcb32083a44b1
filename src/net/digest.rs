//! Digest authentication: RFC 7616, and RFC 2617 for servers that offer no `qop`.

use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512_256};
use url::Url;

use crate::net::header::Headers;
use crate::net::redirect::Target;
use crate::net::request::percent_decoded;

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    name: String,
    password: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Md5,
    Sha256,
    Sha512,
}

/// What a server wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// As the server wrote it; `None`: MD5.
    algorithm: Option<String>,
    hash: Hash,
    /// The hash of the user covers both nonces.
    session: bool,
    /// `auth` or `auth-int`.
    qop: Option<&'static str>,
    hashes_name: bool,
}

impl User {
    /// Takes the credentials out of a URL, so that they are not sent as they are.
    pub fn take(url: &mut Url) -> Self {
        let text = |part: &str| String::from_utf8_lossy(&percent_decoded(part)).into_owned();
        let user = Self { name: text(url.username()), password: text(url.password().unwrap_or_default()) };
        // These fail only for URLs without a host, which are refused later.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        user
    }

    /// The `Authorization` header that answers a response with status 401; `None` if it asks for no digest, or
    /// for one of a kind that is not known.
    pub fn answer(&self, response: &Headers, asked: &Target) -> Option<String> {
        self.answer_with(response, asked, &hex::encode(rand::random::<[u8; 16]>()))
    }

    fn answer_with(&self, response: &Headers, asked: &Target, cnonce: &str) -> Option<String> {
        let lines = response.iter().filter(|(name, _)| name == "Www-Authenticate");
        let challenge = lines.flat_map(|(_, values)| values).find_map(|line| Challenge::find(line))?;
        let Challenge { realm, nonce, hash, qop, .. } = &challenge;
        let of = |text: &str| hash.of(text.as_bytes());
        let method = if asked.method.is_empty() { "GET" } else { &asked.method };
        let uri = asked.path();

        let mut secret = of(&format!("{}:{realm}:{}", self.name, self.password));
        if challenge.session {
            secret = of(&format!("{secret}:{nonce}:{cnonce}"));
        }
        let request = match qop {
            Some("auth-int") => of(&format!("{method}:{uri}:{}", hash.of(&asked.body))),
            _ => of(&format!("{method}:{uri}")),
        };
        let proof = match qop {
            Some(qop) => of(&format!("{secret}:{nonce}:00000001:{cnonce}:{qop}:{request}")),
            None => of(&format!("{secret}:{nonce}:{request}")),
        };
        let name =
            if challenge.hashes_name { of(&format!("{}:{realm}", self.name)) } else { self.name.clone() };

        let mut header = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{proof}\"",
            quoted(&name),
            quoted(realm),
            quoted(nonce)
        );
        let mut add = |text: String| header.push_str(&format!(", {text}"));
        if let Some(algorithm) = &challenge.algorithm {
            add(format!("algorithm={algorithm}"));
        }
        if let Some(opaque) = &challenge.opaque {
            add(format!("opaque=\"{}\"", quoted(opaque)));
        }
        if let Some(qop) = qop {
            add(format!("qop={qop}, nc=00000001, cnonce=\"{cnonce}\""));
        } else if challenge.session {
            add(format!("cnonce=\"{cnonce}\""));
        }
        if challenge.hashes_name {
            add("userhash=true".to_owned());
        }
        Some(header)
    }
}

impl Hash {
    fn of(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(bytes)),
            Self::Sha256 => hex::encode(Sha256::digest(bytes)),
            Self::Sha512 => hex::encode(Sha512_256::digest(bytes)),
        }
    }
}

impl Challenge {
    /// The first digest in a `WWW-Authenticate` line that can be answered.
    fn find(line: &str) -> Option<Self> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        let mut is_digest = false;
        for item in items(line) {
            // `Scheme name=value` begins a challenge, `name=value` goes on with it.
            let head = item.split('=').next().unwrap_or_default().trim_end();
            let (scheme, item) = match head.split_once([' ', '\t']) {
                Some((scheme, _)) => (Some(scheme), item[scheme.len()..].trim_start()),
                None if item.contains('=') => (None, item),
                None => (Some(item), ""),
            };
            if let Some(scheme) = scheme {
                if is_digest && let Some(challenge) = Self::of(&parameters) {
                    return Some(challenge);
                }
                is_digest = scheme.eq_ignore_ascii_case("digest");
                parameters.clear();
            }
            if let Some((name, value)) = item.split_once('=') {
                parameters.push((name.trim().to_ascii_lowercase(), unquoted(value.trim())));
            }
        }
        if is_digest { Self::of(&parameters) } else { None }
    }

    fn of(parameters: &[(String, String)]) -> Option<Self> {
        let get = |name: &str| parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let algorithm = get("algorithm");
        let name = algorithm.as_deref().unwrap_or("MD5").to_ascii_lowercase();
        let (hash, session) = match name.strip_suffix("-sess") {
            Some(hash) => (hash, true),
            None => (&*name, false),
        };
        let hash = match hash {
            "md5" => Hash::Md5,
            "sha-256" => Hash::Sha256,
            "sha-512-256" => Hash::Sha512,
            _ => return None,
        };
        let qop = match get("qop") {
            None => None,
            Some(offered) => {
                let offers = |qop| offered.split(',').any(|one| one.trim().eq_ignore_ascii_case(qop));
                Some(["auth", "auth-int"].into_iter().find(|qop| offers(qop))?)
            }
        };
        Some(Self {
            realm: get("realm").unwrap_or_default(),
            nonce: get("nonce")?,
            opaque: get("opaque"),
            algorithm,
            hash,
            session,
            qop,
            hashes_name: get("userhash").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        })
    }
}

/// The parts of a header between commas outside of quotes, without those that are empty.
fn items(line: &str) -> impl Iterator<Item = &str> {
    let (mut in_quotes, mut escaped) = (false, false);
    let parts = line.split(move |c| {
        let is_escaped = std::mem::take(&mut escaped);
        match c {
            '\\' if in_quotes && !is_escaped => escaped = true,
            '"' if !is_escaped => in_quotes = !in_quotes,
            _ => {}
        }
        c == ',' && !in_quotes
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else { return value.to_owned() };
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, url: &str) -> (User, Target) {
        let mut url = Url::parse(url).unwrap();
        let user = User::take(&mut url);
        let target = Target {
            method: method.into(),
            url,
            path: None,
            headers: Vec::new(),
            body: "b".into(),
            referer: None,
        };
        (user, target)
    }

    fn proof(user: &User, target: &Target, line: &str, cnonce: &str) -> Option<String> {
        let headers = vec![("Www-Authenticate".to_owned(), vec![line.to_owned()])];
        let header = user.answer_with(&headers, target, cnonce)?;
        let (_, rest) = header.split_once("response=\"").unwrap();
        Some(rest.split('"').next().unwrap().to_owned())
    }

    #[test]
    fn the_examples_of_the_papers() {
        let (user, target) = asked("GET", "http://Mufasa:Circle%20of%20Life@a.test/dir/index.html");
        assert_eq!(target.url.as_str(), "http://a.test/dir/index.html");
        // RFC 7616, section 3.9.1.
        let old = "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
                   nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                   opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let line = format!("Basic realm=\"x, y\", Digest {old}, algorithm={algorithm}");
            assert_eq!(proof(&user, &target, &line, cnonce).as_deref(), Some(response));
        }
        // RFC 2617, section 3.5, whose password is written otherwise.
        let (user, target) = asked("GET", "http://Mufasa:Circle%20Of%20Life@a.test/dir/index.html");
        let line = "Digest realm=\"testrealm@host.com\",qop=\"auth,auth-int\",\
                    nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\",opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        assert_eq!(
            proof(&user, &target, line, "0a4f113b").as_deref(),
            Some("6629fae49393a05397450978507c4ef1")
        );
    }

    #[test]
    fn what_is_asked_for_is_answered() {
        let (user, target) = asked("", "http://a%22b:p@a.test/x?y#z");
        let answer = |line: &str| {
            user.answer_with(&vec![("Www-Authenticate".into(), vec![line.into()])], &target, "c")
        };
        let header = answer("Negotiate, digest nonce=n").unwrap();
        assert!(header.starts_with("Digest username=\"a\\\"b\", realm=\"\", nonce=\"n\", uri=\"/x?y\", "));
        assert!(!header.contains("qop") && !header.contains("algorithm") && !header.contains("opaque"));
        let header =
            answer("Digest nonce=\"n\\\"\", algorithm=MD5-sess, qop=\"auth-int\", userhash=true").unwrap();
        assert!(header.contains("nonce=\"n\\\"\"") && header.contains("algorithm=MD5-sess"));
        assert!(header.ends_with("qop=auth-int, nc=00000001, cnonce=\"c\", userhash=true"), "{header}");
        for line in
            ["Basic realm=\"Digest nonce=1\"", "Digest realm=x", "Digest nonce=n, algorithm=X", "", ",=,\""]
        {
            assert_eq!(answer(line), None, "{line}");
        }
        // The first that can be answered.
        let header = answer("Digest nonce=1, algorithm=X, Digest nonce=2, algorithm=SHA-512-256").unwrap();
        assert!(header.contains("nonce=\"2\""));
    }
}
