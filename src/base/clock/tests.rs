#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

#[test]
fn xsd_leaves_a_zero_fraction_out_and_stamps_do_not() {
    for (millis, xsd, stamp) in [
        (1_700_000_000_123, "2023-11-14T22:13:20.123Z", "2023-11-14T22:13:20.123Z"),
        (1_700_000_000_000, "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.000Z"),
        (1_700_000_000_005, "2023-11-14T22:13:20.005Z", "2023-11-14T22:13:20.005Z"),
        (0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"),
        (i64::MAX, "292278994-08-17T07:12:55.807Z", "292278994-08-17T07:12:55.807Z"),
        (i64::MIN, "-292275055-05-16T16:47:04.192Z", "-292275055-05-16T16:47:04.192Z"),
    ] {
        assert_eq!(Timestamp(millis).to_xsd(), xsd);
        assert_eq!(Timestamp(millis).to_stamp(), stamp);
    }
}

#[test]
fn xsd_is_read_in_all_its_forms() {
    for (text, millis) in [
        ("2023-11-14T22:13:20.123Z", 1_700_000_000_123),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000_000),
        (" 2023-11-14T22:13:20\n", 1_700_000_000_000),
        ("2023-11-14T22:13:20.1239999-00:00", 1_700_000_000_123),
        ("2023-11-14T22:13:20.1Z", 1_700_000_000_100),
        ("2023-11-14", 1_699_920_000_000),
        ("2023-11-14Z", 1_699_920_000_000),
        ("2023-11-14+01:00", 1_699_916_400_000),
        ("2023-11-13T24:00:00Z", 1_699_920_000_000),
    ] {
        assert_eq!(Timestamp::parse_xsd(text), Ok(Timestamp(millis)), "{text}");
    }
}

#[test]
fn other_text_is_no_xsd() {
    for text in [
        "",
        "yesterday",
        "1700000000123",
        "2023",
        "2023-11",
        "2023-13-01",
        "2023-02-29",
        "2023-11-14T",
        "2023-11-14T22:13",
        "2023-11-14T24:00:01",
        "2023-11-14T22:60:00",
        "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20+0100",
        "2023-11-14T22:13:20Zx",
        "2023-11-14T22:13:20+99:00",
        "999999999-01-01T00:00:00",
        "9999999999-01-01",
        "٢٠٢٣-11-14",
    ] {
        assert_eq!(Timestamp::parse_xsd(text), Err(BadTimestamp), "{text}");
    }
}

#[test]
fn json_strings_are_read_as_clients_write_them() {
    for (text, millis) in [
        ("1700000000123", 1_700_000_000_123),
        ("-5", -5),
        ("2023-11-14T22:13:20.123+01:00", 1_699_996_400_123),
        ("2023-11-14T22:13:20+0100", 1_699_996_400_000),
        ("2023-11-14T22:13:20+01", 1_699_996_400_000),
        ("2023-11-14T22:13Z", 1_699_999_980_000),
        ("2023-11-14T22:13:20", 1_700_000_000_000),
        ("2023-11-14", 1_699_920_000_000),
        ("Tue, 14 Nov 2023 22:13:20 GMT", 1_700_000_000_000),
        ("Tue, 14 Nov 2023 23:13:20 +0100", 1_700_000_000_000),
    ] {
        assert_eq!(Timestamp::parse_json(text), Ok(Some(Timestamp(millis))), "{text}");
    }
    assert_eq!(Timestamp::parse_json(""), Ok(None));
    assert_eq!(Timestamp::parse_json("  "), Ok(None));
    for text in ["yesterday", "Tue", "Tue, 14 Nov 2023", "9223372036854775808", "2023-11-14x", "1e3", "Tüe"] {
        assert_eq!(Timestamp::parse_json(text), Err(BadTimestamp), "{text}");
    }
}

#[test]
fn arithmetic_stops_at_the_ends() {
    let day = Duration::from_secs(86_400);
    assert_eq!(Timestamp(i64::MAX).plus(day), Timestamp(i64::MAX));
    assert_eq!(Timestamp(5).plus(Duration::from_millis(7)), Timestamp(12));
    assert_eq!(Timestamp(5).since(Timestamp(7)), Duration::ZERO);
    assert_eq!(Timestamp(i64::MAX).since(Timestamp(i64::MIN)), Duration::from_millis(u64::MAX));
    assert_eq!((Timestamp(-1).seconds(), Timestamp(1999).seconds()), (-1, 1));
    assert_eq!(Timestamp::from_seconds(i64::MIN), Timestamp(i64::MIN));
}

#[test]
fn now_is_after_this_was_written() {
    assert!(Timestamp::now() > Timestamp(1_750_000_000_000));
}

proptest! {
    #[test]
    fn every_timestamp_reads_back(millis in any::<i64>()) {
        let time = Timestamp(millis);
        prop_assert_eq!(Timestamp::parse_xsd(&time.to_xsd()), Ok(time));
        prop_assert_eq!(Timestamp::parse_xsd(&time.to_stamp()), Ok(time));
        prop_assert_eq!(Timestamp::parse_json(&time.to_stamp()), Ok(Some(time)));
    }

    #[test]
    fn the_calendar_agrees_with_chrono(millis in -8_000_000_000_000_000_i64..8_000_000_000_000_000) {
        let theirs = chrono::DateTime::from_timestamp_millis(millis).unwrap();
        let ours = super::civil::date_of(millis.div_euclid(super::civil::DAY));
        use chrono::Datelike;
        prop_assert_eq!(ours.year, i64::from(theirs.year()));
        prop_assert_eq!((ours.month, ours.day), (i64::from(theirs.month()), i64::from(theirs.day())));
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "[0-9TZ:.+, \\-a-zé]{0,30}") {
        let _ = Timestamp::parse_xsd(&text);
        let _ = Timestamp::parse_json(&text);
    }
}
