"""Wrong policies: the text of each, the line of its fault, and words that its message must have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """One policy that must be refused: the lines after its head, which is three lines long."""

    name: str
    body: str
    line: int
    said: tuple[str, ...]
    head: str = 'name = "p"\ntitle = "t"\n\n'

    @property
    def text(self) -> str:
        """The whole file."""
        return self.head + self.body


def rule(*lines: str, name: str = "r") -> str:
    """Return one rule: line 4 is its table, 5 its name, 6 its title, 7 what comes next."""
    return "\n".join(["[[rules]]", f'name = "{name}"', 'title = "T"', *lines, ""])


RATIO = ('metric = "impact_ratio"', "fail_below = 0.8")
GAP = 'metric = "equal_opportunity_difference"'


def waiver(*lines: str) -> str:
    """Return a good rule, in lines 4 to 8, and a waiver: line 9 is its table, 10 what is next."""
    return rule(*RATIO) + "\n".join(["[[waivers]]", *lines, ""])


REASON, OWNER, UNTIL = 'reason = "appeal"', 'owner = "Ann"', "expires = 2027-12-31"

WRONG = (
    # Names of metrics
    Wrong("metric_misspelt", rule('metric = "imapct_ratio"', "fail_below = 0.8"), 7,
          ("'imapct_ratio' is unknown", "did you mean 'impact_ratio'")),
    Wrong("metric_in_capitals", rule('metric = "Impact_Ratio"', "fail_below = 0.8"), 7,
          ("unknown", "did you mean 'impact_ratio'")),
    Wrong("metric_abbreviated", rule('metric = "tpr_difference"', "fail_above = 0.1"), 7,
          ("'tpr_difference' is unknown", "docs/policy.md")),
    Wrong("metric_of_features", rule('metric = "gap_share"', "fail_above = 0.1"), 7,
          ("single features", "no rule judges")),
    Wrong("ratio_that_nobody_takes", rule('metric = "roc_auc_ratio"', "fail_below = 0.8"), 7,
          ("'roc_auc_ratio' is unknown", "did you mean")),
    # Units and ranges
    Wrong("points_as_percent", rule(GAP, "fail_above = 10"), 8,
          ("from 0 to 1", "write fail_above = 0.1 for 10 points")),
    Wrong("share_as_percent", rule('metric = "accuracy"', "fail_below = 80"), 8,
          ("from 0 to 1", "everything would break it", "fail_below = 0.8 for 80%")),
    Wrong("ratio_as_percent", rule('metric = "impact_ratio"', "fail_below = 80"), 8,
          ("no difference at all is 1", "did you mean fail_below = 0.8")),
    Wrong("upper_ratio_as_percent", rule('metric = "impact_ratio"', "fail_above = 125"), 8,
          ("a ratio", "fail_above = 1.25")),
    Wrong("percent_in_quotes", rule(GAP, 'fail_above = "20%"'), 8,
          ('"20%" is not a number', "write fail_above = 0.2, without quotes")),
    Wrong("number_in_quotes", rule(GAP, 'fail_above = "0.2"'), 8,
          ("not a number", "fail_above = 0.2, without quotes")),
    Wrong("a_bound_of_one_point_too_much", rule(GAP, "fail_above = 1"), 8,
          ("nothing could ever break it", "fail_above = 0.01 for 1 points")),
    Wrong("score_as_percent", rule('metric = "roc_auc"', "fail_below = 70"), 8,
          ("a score, from 0 to 1", "fail_below = 0.7")),
    Wrong("negative_distance", rule('metric = "accuracy_difference"', "fail_above = -0.1"), 8,
          ("no difference at all is 0",)),
    Wrong("bound_that_everything_keeps", rule('metric = "accuracy"', "fail_below = 0"), 8,
          ("nothing could ever break it",)),
    Wrong("not_a_number", rule('metric = "accuracy"', "fail_below = nan"), 8,
          ("not a finite number",)),
    Wrong("infinite", rule(GAP, "fail_above = inf"), 8, ("not a finite number",)),
    Wrong("true_is_no_bound", rule('metric = "identifier_columns"', "fail_above = true"), 8,
          ("true is not a number", "true and false are no values")),
    # Directions
    Wrong("lower_bound_where_lower_is_better",
          rule('metric = "false_positive_rate"', "fail_below = 0.1"), 8,
          ("better where it is lower", "bound it with fail_above")),
    Wrong("upper_bound_where_higher_is_better", rule('metric = "accuracy"', "fail_above = 0.9"),
          8, ("better where it is higher", "bound it with fail_below")),
    Wrong("difference_from_below", rule(GAP, "fail_below = 0.1"), 8,
          ("no difference at all is 0", "did you mean fail_above = 0.1")),
    Wrong("ratio_from_above", rule('metric = "impact_ratio"', "fail_above = 0.8"), 8,
          ("no difference at all is 1", "did you mean fail_below = 0.8")),
    # Order
    Wrong("warns_of_what_failed", rule('metric = "impact_ratio"', "fail_below = 0.9",
                                       "warn_below = 0.8"), 8,
          ("fail_below = 0.9 and warn_below = 0.8", "must be at most")),
    Wrong("warns_of_what_failed_above", rule(GAP, "warn_above = 0.2", "fail_above = 0.1"), 9,
          ("fail_above = 0.1 and warn_above = 0.2", "must be at least")),
    Wrong("empty_band", rule('metric = "selection_rate"', "fail_below = 0.6",
                             "fail_above = 0.4"), 9, ("no value between them",)),
    # Scopes, attributes and groups
    Wrong("whole_data_has_no_ratio", rule(*RATIO, 'scope = "overall"'), 9,
          ("not with scope = 'overall'", 'write scope = "groups"')),
    Wrong("groups_have_no_such_number",
          rule('metric = "additivity_error"', "warn_above = 0.01"), 4,
          ("measured of the whole data", 'write scope = "overall"')),
    Wrong("scope_misspelt", rule(*RATIO, 'scope = "group"'), 9,
          ('"group" is unknown', "did you mean 'groups'")),
    Wrong("group_of_what", rule(*RATIO, 'group = "Female"'), 9, ("needs attribute",)),
    Wrong("attribute_of_the_whole_data",
          rule('metric = "accuracy"', "fail_below = 0.8", 'scope = "overall"', 'attribute = "a"'),
          10, ("leave one out",)),
    Wrong("pair_in_single_scope", rule(*RATIO, 'scope = "attribute"', 'attribute = "a & b"'), 10,
          ("does not go with", 'scope = "intersection"')),
    # Keys and tables
    Wrong("bound_misspelt", rule('metric = "impact_ratio"', "fail_bellow = 0.8"), 8,
          ("unknown key 'fail_bellow' in rule 'r'", "did you mean 'fail_below'")),
    Wrong("key_of_other_tools", rule('metric = "impact_ratio"', "threshold = 0.8"), 8,
          ("unknown key 'threshold'", "fail_below")),
    Wrong("waiver_as_a_text", rule(*RATIO, 'waiver = "until 2027"'), 9,
          ("unknown key 'waiver'", "[[waivers]]", "expires = 2027-12-31")),
    Wrong("min_rows_in_a_rule", rule(*RATIO, "min_rows = 50"), 9,
          ("of the whole policy", "above the first table")),
    Wrong("one_bracket", "[rules]\nname = 'r'\ntitle = 'T'\nmetric = 'impact_ratio'\n"
          "fail_below = 0.8\n", 4, ("write [[rules]], with two brackets",)),
    Wrong("rule_without_s", rule(*RATIO).replace("[[rules]]", "[[rule]]"), 4,
          ("unknown key 'rule'", "[[rules]]")),
    Wrong("no_rules", "rules = []\n", 4, ("there are no rules",)),
    Wrong("no_rules_at_all", "min_rows = 30\n", 1, ("there are no rules",)),
    Wrong("no_bound", rule('metric = "impact_ratio"'), 4,
          ("rule 'r' needs a bound", "fail_below")),
    Wrong("no_metric", rule("fail_below = 0.8"), 4, ("metric is missing in rule 'r'",)),
    Wrong("twins", rule(*RATIO) + rule(*RATIO), 10, ("two rules are called 'r'",)),
    Wrong("name_is_a_number", rule(*RATIO), 1, ("5 is not a text", 'name = "5"'),
          head='name = 5\ntitle = "t"\n\n'),
    Wrong("bound_word_misspelt", rule(*RATIO, 'bound = "intervall"'), 9,
          ('"intervall" is unknown', "did you mean 'interval'")),
    Wrong("inline_rules", 'rules = [\n  { name = "a", title = "T", metric = "impact_ratio", '
          'fail_below = 0.8 },\n  { name = "b", title = "T", metric = "f_1", fail_below = 0.8 },\n]',
          6, ("rule 'b'", "'f_1' is unknown", "did you mean 'f1'")),
    # The whole policy
    Wrong("alpha_in_percent", "alpha = 5.0\n" + rule(*RATIO), 4, ("alpha", "less than 1")),
    Wrong("half_a_row", "min_rows = 30.5\n" + rule(*RATIO), 4, ("not a whole number",)),
    Wrong("fewer_than_none", "least_judged = -1\n" + rule(*RATIO), 4, ("least_judged = -1",)),
    Wrong("broken_table", "[[rules]\n", 4, ("not valid TOML", "[[rules]")),
    Wrong("broken_value", rule('metric = "impact_ratio"', "fail_below = 0,8"), 8,
          ("not valid TOML", "fail_below = 0,8")),
    Wrong("value_without_quotes", rule("metric = impact_ratio", "fail_below = 0.8"), 7,
          ("not valid TOML", "quotes")),
    # Excuses
    Wrong("excuse_of_groups", rule(*RATIO, "only_while_below = { impact_ratio = 0.8 }"), 9,
          ("numbers of the whole data",)),
    Wrong("excuse_misspelt", rule(*RATIO, "only_while_below = { typical_auc = 0.8 }"), 9,
          ("'typical_auc' is unknown", "did you mean 'typical_column_auc'")),
    # Waivers
    Wrong("waiver_of_no_rule", waiver('rule = "four-fifth"', REASON, OWNER, UNTIL), 10,
          ("'four-fifth' is none of this policy's", "'r'")),
    Wrong("waiver_without_owner", waiver('rule = "r"', REASON, UNTIL), 9, ("owner is missing",)),
    Wrong("waiver_for_ever", waiver('rule = "r"', REASON, OWNER), 9,
          ("expires is missing", "2027-12-31")),
    Wrong("waiver_until_some_day", waiver('rule = "r"', REASON, OWNER, 'expires = "soon"'), 13,
          ('"soon" is not a day', "expires = 2027-12-31")),
    Wrong("waiver_until_no_day", waiver('rule = "r"', REASON, OWNER, 'expires = "2027-02-30"'),
          13, ("is not a day",)),
    Wrong("waiver_for_no_reason", waiver('rule = "r"', 'reason = " "', OWNER, UNTIL), 11,
          ("reason", "is empty")),
    Wrong("waiver_of_a_group_of_what", waiver('rule = "r"', 'group = "F"', REASON, OWNER, UNTIL),
          11, ("needs attribute",)),
    Wrong("two_waivers_of_one_thing",
          waiver('rule = "r"', REASON, OWNER, UNTIL, "[[waivers]]", 'rule = "r"', REASON, OWNER,
                 UNTIL), 15, ("two waivers of rule 'r'",)),
)  # fmt: skip
