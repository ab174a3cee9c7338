//! The natural forms that cannot work, and what the compiler then says.

#[test]
fn forms_that_cannot_work_say_what_does() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/gates/ui/*.rs");
}
