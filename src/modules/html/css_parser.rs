//! Selectors as text.

use regex::Regex;

use super::css::{Combinator, Complex, Compound, Group, Operator, Simple, Test};

/// Selectors may be nested (`:not(:has(…))`) this deep.
const MAX_NESTING: usize = 64;

/// A selector may be a chain of this many compounds.
const MAX_COMPOUNDS: usize = 1_000;

/// Reads a selector; `None` if it is none.
pub fn parse(text: &str) -> Option<Group> {
    let mut parser = Parser { rest: text, nesting: 0 };
    let group = parser.group()?;
    parser.rest.is_empty().then_some(group)
}

struct Parser<'a> {
    rest: &'a str,
    nesting: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// Goes on behind a text if it stands here.
    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes characters as long as they are wanted.
    fn while_(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Skips white space and comments; says whether there were any.
    fn space(&mut self) -> bool {
        let start = self.rest.len();
        loop {
            let before = self.rest.len();
            self.while_(|c| matches!(c, ' ' | '\t' | '\r' | '\n' | '\x0c'));
            if let Some((_, after)) = self.rest.strip_prefix("/*").and_then(|rest| rest.split_once("*/")) {
                self.rest = after;
            }
            if self.rest.len() == before {
                return before != start;
            }
        }
    }

    fn group(&mut self) -> Option<Group> {
        let mut group = vec![self.complex()?];
        while self.eat(",") {
            group.push(self.complex()?);
        }
        Some(Group(group))
    }

    fn complex(&mut self) -> Option<Complex> {
        self.space();
        let mut complex = Complex { compounds: vec![self.compound()?], combinators: Vec::new() };
        loop {
            let spaced = self.space();
            let combinator = match self.peek() {
                None | Some(',' | ')') => return Some(complex),
                Some('+') => Combinator::Adjacent,
                Some('>') => Combinator::Child,
                Some('~') => Combinator::Sibling,
                Some(_) if spaced => Combinator::Descendant,
                Some(_) => return Some(complex),
            };
            if combinator != Combinator::Descendant {
                self.take();
                self.space();
            }
            complex.combinators.push(combinator);
            complex.compounds.push(self.compound()?);
            if complex.compounds.len() > MAX_COMPOUNDS {
                return None;
            }
        }
    }

    fn compound(&mut self) -> Option<Compound> {
        let mut simples = Vec::new();
        match self.peek()? {
            '*' => {
                self.take();
                // `*|*`: any namespace, which is what `*` means anyway.
                if self.rest.len() > 2 {
                    self.eat("|*");
                }
            }
            '#' | '.' | '[' | ':' => {}
            _ => simples.push(Simple::Tag(self.identifier()?.to_ascii_lowercase())),
        }
        loop {
            let simple = match self.peek() {
                Some('#') => {
                    self.take();
                    Simple::Id(self.name()?)
                }
                Some('.') => {
                    self.take();
                    Simple::Class(self.identifier()?)
                }
                Some('[') => self.attribute()?,
                Some(':') => self.pseudo_class()?,
                _ => return Some(Compound(simples)),
            };
            simples.push(simple);
        }
    }

    /// A backslash and what it stands for.
    fn escape(&mut self) -> Option<char> {
        if !self.eat("\\") {
            return None;
        }
        let digits = self.rest.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        if digits > 0 {
            let (hex, rest) = self.rest.split_at(digits);
            self.rest = rest;
            if !self.eat("\r\n")
                && self.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\r' | '\n' | '\x0c'))
            {
                self.take();
            }
            return Some(u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).unwrap_or('\u{FFFD}'));
        }
        self.take().filter(|c| !matches!(c, '\r' | '\n' | '\x0c'))
    }

    /// A name that does not begin with a digit.
    fn identifier(&mut self) -> Option<String> {
        let hyphens = self.while_(|c| c == '-');
        let c = self.peek()?;
        if !(c == '\\' || c == '_' || c.is_ascii_alphabetic() || !c.is_ascii()) {
            return None;
        }
        Some(format!("{hyphens}{}", self.name()?))
    }

    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            name.push_str(
                self.while_(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || !c.is_ascii()),
            );
            if self.peek() != Some('\\') {
                return (!name.is_empty()).then_some(name);
            }
            name.push(self.escape()?);
        }
    }

    fn quoted(&mut self) -> Option<String> {
        let quote = self.take()?;
        let mut text = String::new();
        loop {
            match self.peek()? {
                '\\' => {
                    let is_continued = ["\\\r\n", "\\\r", "\\\n", "\\\x0c"].iter().any(|end| self.eat(end));
                    if !is_continued {
                        text.push(self.escape()?);
                    }
                }
                '\r' | '\n' | '\x0c' => return None,
                c => {
                    self.take();
                    if c == quote {
                        return Some(text);
                    }
                    text.push(c);
                }
            }
        }
    }

    fn quoted_or_identifier(&mut self) -> Option<String> {
        if matches!(self.peek()?, '"' | '\'') { self.quoted() } else { self.identifier() }
    }

    /// A regular expression, up to the bracket that it does not open.
    fn regex(&mut self) -> Option<Regex> {
        let mut open = 0_usize;
        let mut end = None;
        for (at, c) in self.rest.char_indices() {
            match c {
                '(' | '[' => open += 1,
                ')' | ']' if open == 0 => {
                    end = Some(at);
                    break;
                }
                ')' | ']' => open -= 1,
                _ => {}
            }
        }
        let (expression, rest) = self.rest.split_at(end?);
        self.rest = rest;
        Regex::new(expression).ok()
    }

    fn attribute(&mut self) -> Option<Simple> {
        self.take();
        self.space();
        let name = self.identifier()?.to_ascii_lowercase();
        self.space();
        if self.eat("]") {
            return Some(Simple::Attribute { name, test: Test::Present });
        }
        let operator = match self.take()? {
            '=' => Some(Operator::Equals),
            '!' => Some(Operator::Differs),
            '~' => Some(Operator::Includes),
            '|' => Some(Operator::Dash),
            '^' => Some(Operator::Prefix),
            '$' => Some(Operator::Suffix),
            '*' => Some(Operator::Substring),
            '#' => None,
            _ => return None,
        };
        if operator != Some(Operator::Equals) && !self.eat("=") {
            return None;
        }
        self.space();
        let mut test = match operator {
            None => Test::Regex(self.regex()?),
            Some(operator) => {
                Test::Value { operator, value: self.quoted_or_identifier()?, ignore_case: false }
            }
        };
        self.space();
        let is_flagged = self.eat("i") || self.eat("I");
        if let Test::Value { ignore_case, .. } = &mut test {
            *ignore_case = is_flagged;
        }
        self.space();
        self.eat("]").then_some(Simple::Attribute { name, test })
    }

    fn pseudo_class(&mut self) -> Option<Simple> {
        self.take();
        // Pseudo-elements (`::before`) are no part of a document.
        let name = self.identifier()?.to_ascii_lowercase();
        let nth = |b, last, of_type| Simple::Nth { a: 0, b, last, of_type };
        Some(match &*name {
            "not" => Simple::Not(self.argument(Self::nested)?),
            "has" => Simple::Has(self.argument(Self::nested)?),
            "haschild" => Simple::HasChild(self.argument(Self::nested)?),
            "contains" | "containsown" => {
                let text = self.argument(Self::quoted_or_identifier)?.to_lowercase();
                Simple::Contains { text, own: name == "containsown" }
            }
            "matches" | "matchesown" => {
                Simple::Matches { regex: self.argument(Self::regex)?, own: name == "matchesown" }
            }
            "nth-child" | "nth-last-child" | "nth-of-type" | "nth-last-of-type" => {
                let (a, b) = self.argument(Self::nth)?;
                Simple::Nth { a, b, last: name.contains("last"), of_type: name.ends_with("of-type") }
            }
            "first-child" => nth(1, false, false),
            "last-child" => nth(1, true, false),
            "first-of-type" => nth(1, false, true),
            "last-of-type" => nth(1, true, true),
            "only-child" => Simple::Only { of_type: false },
            "only-of-type" => Simple::Only { of_type: true },
            "input" => Simple::Input,
            "empty" => Simple::Empty,
            "root" => Simple::Root,
            "link" => Simple::Link,
            "lang" => Simple::Lang(self.argument(Self::identifier)?.to_lowercase()),
            "enabled" => Simple::Enabled,
            "disabled" => Simple::Disabled,
            "checked" => Simple::Checked,
            "visited" | "hover" | "active" | "focus" | "target" => Simple::Never,
            _ => return None,
        })
    }

    /// What stands between parentheses.
    fn argument<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if !self.eat("(") {
            return None;
        }
        self.space();
        let argument = read(self)?;
        self.space();
        self.eat(")").then_some(argument)
    }

    fn nested(&mut self) -> Option<Group> {
        if self.nesting == MAX_NESTING {
            return None;
        }
        self.nesting += 1;
        let group = self.group()?;
        self.nesting -= 1;
        Some(group)
    }

    /// `an+b`, `odd`, `even` or a number.
    fn nth(&mut self) -> Option<(i64, i64)> {
        if matches!(self.peek()?, 'o' | 'O' | 'e' | 'E') {
            return match &*self.name()?.to_ascii_lowercase() {
                "odd" => Some((2, 1)),
                "even" => Some((2, 0)),
                _ => None,
            };
        }
        let sign = if self.eat("-") { -1 } else { 1 };
        if sign == 1 {
            self.eat("+");
        }
        let number = if self.peek()?.is_ascii_digit() { Some(self.integer()?) } else { None };
        // What a number ends with decides what it is.
        if !matches!(self.peek()?, 'n' | 'N') {
            return number.map(|b| (0, sign * b));
        }
        self.take();
        let a = sign * number.unwrap_or(1);
        self.space();
        let sign = match self.peek()? {
            '+' => 1,
            '-' => -1,
            _ => return Some((a, 0)),
        };
        self.take();
        self.space();
        Some((a, sign * self.integer()?))
    }

    fn integer(&mut self) -> Option<i64> {
        self.while_(|c| c.is_ascii_digit()).parse().ok()
    }
}
