-- The history of an approval rule tells of its steps.
select core.tell_parts('approval.rule_step', 'rule', 'rule_id', 'steps', 'position');
grant update on approval.rule_step to innoerp_app;
