-- What the things are that members are told of, in a few words. Some events about a thing do not say it: then it is told
-- as the last one said that did.
create table notification.topic (
    organization_id uuid not null,
    link_type text not null constraint topic_link_type_check check (length(link_type) between 1 and 100),
    link_id uuid not null,
    words text not null constraint topic_words_check check (length(words) between 1 and 200),
    constraint topic_pkey primary key (organization_id, link_type, link_id)
);
grant select, insert, update on notification.topic to innoerp_app;
select core.protect_module('notification');
