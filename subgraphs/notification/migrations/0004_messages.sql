-- What members are told is a message with values, worded when it is read, in the language of whoever reads it. Title and body
-- are written beside it in English, for programs that do not know the message: those of before there were any, and later those
-- of before a new one. A version that is sure of no such program may leave them out.
alter table notification.notification
    add column message text
        constraint notification_message_check check (length(message) between 1 and 100),
    add column values jsonb
        constraint notification_values_check check (jsonb_typeof(values) = 'object' and length(values::text) <= 20000);
alter table notification.notification alter column title drop not null;
alter table notification.notification alter column body drop not null;
alter table notification.notification add constraint notification_worded_check
    check (message is not null and values is not null or title is not null and body is not null);

-- What a thing is, as a phrase with values. Its words stay beside it, in English, and hold where the phrase says something else:
-- then a program of before has written them since.
alter table notification.topic
    add column phrase jsonb
        constraint topic_phrase_check check (jsonb_typeof(phrase) = 'object' and length(phrase::text) <= 20000);
