-- The reference PHI schema: what the policies protect, and an example of a table of each kind. An application's own
-- migrations add tables of theirs and call secure_table() the same way.
-- Keys that carry the tenant keep a row from pointing into another clinic: foreign keys are checked past the policies.
CREATE TABLE IF NOT EXISTS phi.clinic (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    display_name text NOT NULL,
    time_zone text NOT NULL DEFAULT 'UTC',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS phi.patient (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL REFERENCES phi.clinic (id),
    full_name_sealed bytea,
    email_sealed bytea,
    email_index bytea,
    phone_sealed bytea,
    birth_year smallint CHECK (birth_year BETWEEN 1900 AND 2200),
    preferred_language text,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id)
);
CREATE INDEX IF NOT EXISTS patient_email ON phi.patient (tenant_id, email_index);

CREATE TABLE IF NOT EXISTS phi.appointment (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'booked' CHECK (status IN ('booked', 'confirmed', 'done', 'cancelled', 'missed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, patient_id) REFERENCES phi.patient (tenant_id, id) DEFERRABLE
);
CREATE INDEX IF NOT EXISTS appointment_by_time ON phi.appointment (tenant_id, starts_at);
CREATE INDEX IF NOT EXISTS appointment_by_patient ON phi.appointment (tenant_id, patient_id);

CREATE TABLE IF NOT EXISTS phi.treatment (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    treatment_code text NOT NULL,
    performed_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, patient_id) REFERENCES phi.patient (tenant_id, id) DEFERRABLE
);
CREATE INDEX IF NOT EXISTS treatment_by_patient ON phi.treatment (tenant_id, patient_id);

CREATE TABLE IF NOT EXISTS phi.clinical_note (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    body_sealed bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, patient_id) REFERENCES phi.patient (tenant_id, id) DEFERRABLE
);
CREATE INDEX IF NOT EXISTS clinical_note_by_patient ON phi.clinical_note (tenant_id, patient_id);

-- Stripe keeps the payment; here is only what finds it again.
CREATE TABLE IF NOT EXISTS phi.payment_reference (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    processor_reference text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    currency char(3) NOT NULL,
    paid_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, patient_id) REFERENCES phi.patient (tenant_id, id) DEFERRABLE
);
CREATE INDEX IF NOT EXISTS payment_reference_by_patient ON phi.payment_reference (tenant_id, patient_id);

CREATE TABLE IF NOT EXISTS phi.consent (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('treatment', 'photography', 'marketing', 'research')),
    granted boolean NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, patient_id) REFERENCES phi.patient (tenant_id, id) DEFERRABLE
);
CREATE INDEX IF NOT EXISTS consent_by_patient ON phi.consent (tenant_id, patient_id);

-- A partitioned table, because partitions are where policies leak: messages to patients, by quarter.
CREATE TABLE IF NOT EXISTS phi.message (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    tenant_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    body_sealed bytea,
    sent_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, sent_at),
    FOREIGN KEY (tenant_id, patient_id) REFERENCES phi.patient (tenant_id, id) DEFERRABLE
) PARTITION BY RANGE (sent_at);
CREATE INDEX IF NOT EXISTS message_by_patient ON phi.message (tenant_id, patient_id);
CREATE TABLE IF NOT EXISTS phi.message_earlier PARTITION OF phi.message FOR VALUES FROM (MINVALUE) TO ('2027-01-01 00:00+00');
CREATE TABLE IF NOT EXISTS phi.message_2027 PARTITION OF phi.message
    FOR VALUES FROM ('2027-01-01 00:00+00') TO ('2028-01-01 00:00+00');
CREATE TABLE IF NOT EXISTS phi.message_later PARTITION OF phi.message FOR VALUES FROM ('2028-01-01 00:00+00') TO (MAXVALUE);
