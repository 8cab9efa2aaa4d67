-- Whom to tell is asked of the directory of people, which all modules share; and everybody sees their own, whatever a
-- query forgets.

drop table notification.member;

select core.scope_by_member('notification.notification', 'recipient_membership_id');
