#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn local(text: &str) -> Result<String, BadJid> {
    Localpart::parse(text).map(|name| name.to_string())
}

#[test]
fn names_are_folded_and_normalised() {
    for (given, prepared) in [
        ("MIRA", "mira"),
        ("TeaRoom", "tearoom"),
        ("Straße", "strasse"),
        ("ann\\20lee", "ann\\20lee"),
        ("so\u{ad}ft", "soft"),
        ("Å", "å"),
        ("A\u{30a}", "å"),
        ("ﬁn", "fin"),
        ("a!#$%()*+,-.;=?[]^_`{|}~", "a!#$%()*+,-.;=?[]^_`{|}~"),
        ("ＡＢＣ", "abc"),
        ("ΣΑΣ", "σασ"),
        ("имя", "имя"),
        ("שם", "שם"),
    ] {
        assert_eq!(local(given).as_deref(), Ok(prepared), "{given}");
    }
}

#[test]
fn illegal_names_are_refused() {
    let forbidden = ["ann lee", "a\u{a0}b", "a\"", "a&", "a'", "a/b", "a:b", "a<", "a>", "a@b", "\u{7}", "\u{7f}"];
    // Two writing directions, a code point of Unicode 4, one that today's NFKC would turn into `A`, astral ones.
    let odd = ["שa", "1ש", "\u{221}", "\u{1f130}", "\u{1d400}", "\u{1f600}", "\u{e000}", "\u{fffd}", "\u{2ff0}"];
    for text in forbidden.into_iter().chain(odd) {
        assert_eq!(local(text), Err(BadJid::ForbiddenInLocalpart), "{text:?}");
    }
    assert_eq!(local(""), Err(BadJid::EmptyLocalpart));
    assert_eq!(local("\u{ad}"), Err(BadJid::EmptyLocalpart));
}

#[test]
fn the_length_counts_bytes_after_preparation() {
    assert!(local(&"a".repeat(1023)).is_ok());
    assert_eq!(local(&"a".repeat(1024)), Err(BadJid::LocalpartTooLong));
    assert!(local(&"é".repeat(511)).is_ok());
    assert_eq!(local(&"é".repeat(512)), Err(BadJid::LocalpartTooLong));
    assert_eq!(local(&"ﬃ".repeat(342)), Err(BadJid::LocalpartTooLong));
    assert_eq!(Resource::parse(&"a".repeat(1024)), Err(BadJid::ResourceTooLong));
}

#[test]
fn domains_are_ascii_and_lower_case() {
    for (given, prepared) in [
        ("Example.ORG", "example.org"),
        ("example.org.", "example.org"),
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("my_host", "my_host"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
    ] {
        assert_eq!(Domain::parse(given).unwrap(), prepared, "{given}");
    }
    assert_eq!(Domain::parse(""), Err(BadJid::EmptyDomain));
    for text in ["a b", "a@b", "a/b", ".", "a..b", "-\u{0}", "a,b", "[::1", "xn--\u{fc}", &"a".repeat(64)] {
        assert_eq!(Domain::parse(text), Err(BadJid::IllegalDomain), "{text:?}");
    }
}

#[test]
fn a_jid_is_split_at_the_first_slash_and_the_at_before_it() {
    let jid = Jid::parse("Mira@Example.org/Tele@phone/2").unwrap();
    assert_eq!(jid.node(), Some("mira"));
    assert_eq!(jid.domain(), "example.org");
    assert_eq!(jid.resource.as_deref(), Some("Tele@phone/2"));
    assert_eq!(jid.to_string(), "mira@example.org/Tele@phone/2");
    assert_eq!(format!("{jid:?}"), "\"mira@example.org/Tele@phone/2\"");

    let service = Jid::parse("example.org/a@b").unwrap();
    assert_eq!((service.node(), service.domain()), (None, "example.org"));
    assert_eq!(service.bare.localpart(), None);
}

#[test]
fn broken_jids_say_what_is_missing() {
    for (text, why) in [
        ("", BadJid::Empty),
        ("@example.org", BadJid::EmptyLocalpart),
        ("mira@", BadJid::EmptyDomain),
        ("mira@/x", BadJid::EmptyDomain),
        ("/x", BadJid::EmptyDomain),
        ("mira@example.org/", BadJid::EmptyResource),
        ("a@b@c", BadJid::IllegalDomain),
        ("a b@c", BadJid::ForbiddenInLocalpart),
        ("a@c/\u{7}", BadJid::ForbiddenInResource),
    ] {
        assert_eq!(Jid::parse(text), Err(why), "{text:?}");
    }
}

#[test]
fn a_bare_jid_knows_its_parts() {
    let domain = Domain::parse("example.org").unwrap();
    let mira = Localpart::parse("mira").unwrap();
    let bare = BareJid::new(Some(&mira), &domain);
    assert_eq!(bare, "mira@example.org");
    assert_eq!(bare.localpart(), Some(mira.clone()));
    assert_eq!(bare.local_user(&domain), Some(mira));
    assert_eq!(bare.local_user(&Domain::parse("other.org").unwrap()), None);
    assert_eq!(bare.to_domain(), domain);
    assert_eq!(BareJid::new(None, &domain), "example.org");
    assert_eq!(BareJid::parse("Mira@example.org/x").unwrap(), bare);
}

#[test]
fn parts_are_stored_as_plain_strings() {
    let jid = Jid::parse("mira@example.org/phone").unwrap();
    let json = serde_json::to_string(&jid).unwrap();
    assert_eq!(json, r#"{"bare":"mira@example.org","resource":"phone"}"#);
    assert_eq!(serde_json::from_str::<Jid>(&json).unwrap(), jid);
    let bytes = postcard::to_stdvec(&jid.bare).unwrap();
    assert_eq!(bytes, postcard::to_stdvec("mira@example.org").unwrap());
}

/// Text in which the interesting characters are as likely as the plain ones.
fn awkward() -> impl Strategy<Value = String> {
    let interesting =
        prop::sample::select(vec!['ß', 'İ', 'ǅ', 'ﬀ', 'Ω', '\u{345}', '\u{30a}', '\u{ad}', '\u{200d}', 'ש', 'ا', '@', '/', ' ', 'K', '\u{fdfa}']);
    prop::collection::vec(prop_oneof![interesting, any::<char>(), proptest::char::range('!', '~')], 0..24)
        .prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #[test]
    fn preparation_is_idempotent(text in awkward()) {
        if let Ok(once) = Localpart::parse(&text) {
            prop_assert_eq!(Localpart::parse(&once), Ok(once));
        }
        if let Ok(once) = Resource::parse(&text) {
            prop_assert_eq!(Resource::parse(&once), Ok(once));
        }
        if let Ok(once) = Domain::parse(&text) {
            prop_assert_eq!(Domain::parse(&once), Ok(once));
        }
    }

    #[test]
    fn printed_jids_read_back(text in awkward()) {
        if let Ok(jid) = Jid::parse(&text) {
            prop_assert_eq!(Jid::parse(&jid.to_string()), Ok(jid));
        }
    }

    #[test]
    fn legal_parts_make_a_jid_that_splits_the_same(
        node in "[a-z0-9._-]{1,20}", domain in "[a-z][a-z0-9]{0,9}(\\.[a-z][a-z0-9]{0,9}){0,3}", resource in "[ -~]{1,20}",
    ) {
        let jid = Jid::parse(&format!("{node}@{domain}/{resource}")).unwrap();
        prop_assert_eq!(jid.node(), Some(&*node));
        prop_assert_eq!(jid.domain(), domain);
        prop_assert_eq!(jid.resource.as_deref(), Some(&*resource));
    }

    #[test]
    fn jids_are_ordered_as_their_text(a in "[a-c.@/-]{1,8}", b in "[a-c.@/-]{1,8}") {
        if let (Ok(a), Ok(b)) = (Jid::parse(&a), Jid::parse(&b)) {
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }
    }

    #[test]
    fn the_ascii_short_cut_agrees_with_the_profile(text in "[ -~]{1,12}") {
        let full = stringprep::nodeprep(&text).ok().map(std::borrow::Cow::into_owned);
        prop_assert_eq!(Localpart::parse(&text).ok().map(|name| name.to_string()), full);
    }
}
