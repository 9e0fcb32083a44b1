//! Where a report goes when nobody says where.

use std::path::PathBuf;

/// `report/report_[model_]YYYYMMDD_HHMMSS.html`, by the local time of the run's start in nanoseconds since the Unix
/// epoch. Of a model's name, characters that file names cannot have everywhere become `-`.
pub fn default_path(model: Option<&str>, start: i64) -> PathBuf {
    let stamp = jiff::Timestamp::from_second(start.div_euclid(1_000_000_000)).unwrap_or_default();
    let time = stamp.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y%m%d_%H%M%S").to_string();
    let model = model.map(plain).filter(|model| !model.is_empty()).map(|model| format!("{model}_"));
    PathBuf::from("report").join(format!("report_{}{time}.html", model.unwrap_or_default()))
}

fn plain(model: &str) -> String {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let text: String = model.chars().take(80).map(|c| if fits(c) { c } else { '-' }).collect();
    text.trim_matches(['.', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_part_of_the_name() {
        let name =
            |model| default_path(model, 1_795_308_512_000_000_000).to_string_lossy().replace('\\', "/");
        let plain = name(None);
        assert!(plain.starts_with("report/report_2026112"), "{plain}");
        assert_eq!(plain.len(), "report/report_20261122_004832.html".len());
        assert!(name(Some("qwen3:8b")).starts_with("report/report_qwen3-8b_2026112"));
        assert!(name(Some("../../etc/x y")).starts_with("report/report_etc-x-y_2026112"));
        assert_eq!(name(Some("/")), plain);
    }
}
