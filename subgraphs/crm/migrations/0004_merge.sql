-- Leads that were one with another.

alter table crm.lead add merged_into_id uuid,
    add constraint lead_merged_into_fkey foreign key (organization_id, merged_into_id)
        references crm.lead (organization_id, id),
    add constraint lead_merged_into_check check (merged_into_id <> id);
create index lead_merged_into_idx on crm.lead (organization_id, merged_into_id) where merged_into_id is not null;

-- Restored, it is a lead of its own again, without what went over.
create function crm.part_lead() returns trigger language plpgsql as $$
begin
    new.merged_into_id := null;
    return new;
end $$;
create trigger part_lead before update on crm.lead for each row
    when (old.archived_at is not null and new.archived_at is null) execute function crm.part_lead();
