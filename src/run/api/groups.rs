//! `/v1/groups`: groups and checks up to now, as a flat list.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};

use super::Surface;
use super::reply::{self, TEXT};
use crate::metrics::Snapshot;
use crate::summary::data::{Check, Group, id};

pub async fn all(State(surface): State<Arc<Surface>>, method: Method) -> Response {
    if method != Method::GET {
        return reply::not_allowed();
    }
    let groups: Vec<_> = list(&surface.metrics.snapshot()).into_iter().map(|(_, group)| group).collect();
    reply::json(TEXT, &json!({ "data": groups }))
}

pub async fn one(
    State(surface): State<Arc<Surface>>,
    Path(wanted): Path<String>,
    method: Method,
) -> Response {
    if method != Method::GET {
        return reply::not_allowed();
    }
    match list(&surface.metrics.snapshot()).into_iter().find(|(id, _)| *id == wanted) {
        Some((_, group)) => reply::json(TEXT, &json!({ "data": group })),
        None => missing(),
    }
}

/// The path of a group without its id.
pub async fn unnamed(method: Method) -> Response {
    if method == Method::GET { missing() } else { reply::not_allowed() }
}

fn missing() -> Response {
    reply::not_found("No group with that ID was found")
}

/// The root group and all others by id, each before those inside it.
fn list(snapshot: &Snapshot) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    flatten(&Group::tree(snapshot), None, &mut all);
    all
}

fn flatten(group: &Group, parent: Option<&str>, all: &mut Vec<(String, Value)>) {
    let reference = |id: &str| json!({ "type": "groups", "id": id });
    let own = id(group.path);
    let inside: Vec<_> = group.groups.iter().map(|group| reference(&id(group.path))).collect();
    let value = json!({
        "type": "groups",
        "id": own,
        "attributes": { "path": group.path, "name": group.name(), "checks": checks(&group.checks) },
        "relationships": {
            "groups": { "data": inside },
            "parent": { "data": parent.map(reference) },
        },
    });
    all.push((own.clone(), value));
    for inner in &group.groups {
        flatten(inner, Some(&own), all);
    }
}

/// `null` where there are none.
fn checks(checks: &[Check]) -> Option<Vec<Value>> {
    let list = checks.iter().map(|check| {
        json!({
            "id": id(&check.path),
            "path": check.path,
            "name": check.name,
            "passes": check.passes,
            "fails": check.fails,
        })
    });
    (!checks.is_empty()).then(|| list.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::snapshot::CheckSnapshot;

    #[test]
    fn the_tree_is_laid_flat() {
        let check =
            CheckSnapshot { scenario: None, group: "::outer".into(), name: "ok".into(), passes: 2, fails: 1 };
        let groups = vec!["::outer".to_owned(), "::outer::inner".to_owned()];
        let list = list(&Snapshot { groups, checks: vec![check], ..Snapshot::default() });
        let (root, outer, inner) = (&list[0], &list[1], &list[2]);
        let reference = |id: &str| json!({ "type": "groups", "id": id });
        assert_eq!(
            root.1,
            json!({
                "type": "groups",
                "id": "d41d8cd98f00b204e9800998ecf8427e",
                "attributes": { "path": "", "name": "", "checks": null },
                "relationships": { "groups": { "data": [reference(&outer.0)] }, "parent": { "data": null } },
            })
        );
        let attributes = &outer.1["attributes"];
        assert_eq!((&attributes["path"], &attributes["name"]), (&json!("::outer"), &json!("outer")));
        let check =
            json!({ "id": id("::outer::ok"), "path": "::outer::ok", "name": "ok", "passes": 2, "fails": 1 });
        assert_eq!(attributes["checks"], json!([check]));
        assert_eq!(inner.1["relationships"]["parent"]["data"], reference(&outer.0));
        assert_eq!(inner.1["relationships"]["groups"]["data"], json!([]));
    }
}
