-- The directory knows in which language each member reads, by its tag (BCP 47); null until they say. The user module tells it.
alter table people.member add column locale text
    constraint member_locale_check check (length(locale) between 2 and 35);
