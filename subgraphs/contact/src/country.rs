//! Countries, by their codes of ISO 3166-1.

/// Every code of two letters that is assigned.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE \
    KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV \
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC \
    SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ \
    VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// What files call some of them: in English, and at home.
const NAMES: [(&str, &[&str]); 40] = [
    ("AT", &["austria", "österreich", "oesterreich"]),
    ("DE", &["germany", "deutschland"]),
    ("CH", &["switzerland", "schweiz", "suisse", "svizzera"]),
    ("LI", &["liechtenstein"]),
    ("US", &["united states", "united states of america", "usa", "u.s.a."]),
    ("GB", &["united kingdom", "great britain", "england", "scotland", "wales", "uk"]),
    ("IE", &["ireland", "éire"]),
    ("FR", &["france", "frankreich"]),
    ("IT", &["italy", "italia", "italien"]),
    ("ES", &["spain", "españa", "spanien"]),
    ("PT", &["portugal"]),
    ("NL", &["netherlands", "the netherlands", "nederland", "niederlande"]),
    ("BE", &["belgium", "belgië", "belgique", "belgien"]),
    ("LU", &["luxembourg", "luxemburg"]),
    ("DK", &["denmark", "danmark", "dänemark"]),
    ("SE", &["sweden", "sverige", "schweden"]),
    ("NO", &["norway", "norge", "norwegen"]),
    ("FI", &["finland", "suomi", "finnland"]),
    ("PL", &["poland", "polska", "polen"]),
    ("CZ", &["czech republic", "czechia", "česko", "tschechien"]),
    ("SK", &["slovakia", "slovensko", "slowakei"]),
    ("HU", &["hungary", "magyarország", "ungarn"]),
    ("SI", &["slovenia", "slovenija", "slowenien"]),
    ("HR", &["croatia", "hrvatska", "kroatien"]),
    ("RO", &["romania", "românia", "rumänien"]),
    ("BG", &["bulgaria", "българия", "bulgarien"]),
    ("GR", &["greece", "ελλάδα", "griechenland"]),
    ("TR", &["turkey", "türkiye", "türkei"]),
    ("UA", &["ukraine", "україна"]),
    ("CA", &["canada", "kanada"]),
    ("MX", &["mexico", "méxico", "mexiko"]),
    ("BR", &["brazil", "brasil", "brasilien"]),
    ("AR", &["argentina", "argentinien"]),
    ("CN", &["china", "中国"]),
    ("JP", &["japan", "日本"]),
    ("IN", &["india", "indien"]),
    ("AU", &["australia", "australien"]),
    ("NZ", &["new zealand", "neuseeland"]),
    ("ZA", &["south africa", "südafrika"]),
    ("IL", &["israel"]),
];

/// The code of a country, given by its code; `None` when it is none's.
pub(crate) fn code(text: &str) -> Option<String> {
    let code = text.trim().to_ascii_uppercase();
    (code.len() == 2 && CODES.split_ascii_whitespace().any(|known| known == code)).then_some(code)
}

/// As [`code`], also by the names that address books have.
pub(crate) fn named(text: &str) -> Option<String> {
    let name = text.trim().to_lowercase();
    let known = NAMES.iter().find(|(_, names)| names.contains(&name.as_str()));
    known.map(|(code, _)| (*code).to_owned()).or_else(|| code(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_known_by_its_code_and_in_files_by_its_name() {
        assert_eq!(CODES.split_ascii_whitespace().count(), 249);
        assert!(NAMES.iter().all(|(known, _)| code(known).is_some()));
        assert_eq!((code(" at "), code("XX"), code("AUT")), (Some("AT".to_owned()), None, None));
        assert_eq!(
            (named("Österreich"), named("de"), named("Atlantis")),
            (Some("AT".into()), Some("DE".into()), None)
        );
    }
}
