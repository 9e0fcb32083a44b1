//! The names of functions, which those that have none of their own get from where they stand.

use std::collections::HashMap;

use oxc::ast::ast::{
    AssignmentExpression, BindingPattern, Class, ClassElement, ExportDefaultDeclaration, Expression,
    MethodDefinitionKind, ObjectProperty, PropertyKind, VariableDeclarator,
};
use oxc::span::GetSpan;

/// Names by the offsets at which functions begin.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<u32, String>);

impl Names {
    /// The name of the function that begins there.
    pub fn take(&mut self, offset: u32) -> Option<String> {
        self.0.remove(&offset)
    }

    /// `const f = () => …`
    pub fn of_variable(&mut self, it: &VariableDeclarator<'_>) {
        if let (BindingPattern::BindingIdentifier(name), Some(value)) = (&it.id, &it.init) {
            self.of_value(value, &name.name);
        }
    }

    /// `f = () => …`, `a.f = () => …`
    pub fn of_assignment(&mut self, it: &AssignmentExpression<'_>) {
        let target = &it.left;
        let member = target.as_member_expression().and_then(|member| member.static_property_name());
        if let Some(name) = target.get_identifier_name().or(member) {
            self.of_value(&it.right, name);
        }
    }

    /// `{ f: () => … }`, `{ f() {} }`, `{ get f() {} }`
    pub fn of_property(&mut self, it: &ObjectProperty<'_>) {
        let Some(name) = it.key.static_name() else { return };
        match it.kind {
            PropertyKind::Init => self.of_value(&it.value, &name),
            PropertyKind::Get => self.of_value(&it.value, &format!("get {name}")),
            PropertyKind::Set => self.of_value(&it.value, &format!("set {name}")),
        }
    }

    /// Methods; a constructor has the name of its class.
    pub fn of_class(&mut self, it: &Class<'_>) {
        let given = self.0.remove(&it.span.start);
        let class = it.id.as_ref().map(|id| id.name.to_string()).or(given).unwrap_or_default();
        for element in &it.body.body {
            match element {
                ClassElement::MethodDefinition(method) => {
                    let key = method.key.name().unwrap_or_default();
                    let name = match method.kind {
                        MethodDefinitionKind::Constructor => class.clone(),
                        MethodDefinitionKind::Method => key.to_string(),
                        MethodDefinitionKind::Get => format!("get {key}"),
                        MethodDefinitionKind::Set => format!("set {key}"),
                    };
                    self.0.insert(method.value.span.start, name);
                }
                ClassElement::PropertyDefinition(field) => {
                    if let (Some(name), Some(value)) = (field.key.name(), &field.value) {
                        self.of_value(value, &name);
                    }
                }
                _ => {}
            }
        }
    }

    /// `export default function () {}`
    pub fn of_default_export(&mut self, it: &ExportDefaultDeclaration<'_>) {
        self.0.insert(it.declaration.span().start, "default".to_owned());
    }

    fn of_value(&mut self, value: &Expression<'_>, name: &str) {
        if matches!(
            value,
            Expression::FunctionExpression(_)
                | Expression::ArrowFunctionExpression(_)
                | Expression::ClassExpression(_)
        ) {
            self.0.insert(value.span().start, name.to_owned());
        }
    }
}
