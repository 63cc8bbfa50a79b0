-- Who may do what with the reference tables, and what an erasure request does to each.
-- Retention periods are defaults to review: medical records are kept by state law, commonly 7 to 10 years for adults.
SELECT security.secure_table('phi.clinic', 'id', readers => '{medspasync_pro_next}', writers => '{medspasync_backend}');

SELECT security.secure_table('phi.patient', 'tenant_id', subject_column => 'id',
    readers => '{medspasync_pro_next}', writers => '{medspasync_backend}',
    sealed_columns => '{"full_name_sealed": null, "email_sealed": "email_index", "phone_sealed": null}',
    on_erase => 'clear', clear_columns => '{full_name_sealed,email_sealed,email_index,phone_sealed,birth_year,preferred_language}',
    retain_reason => 'the row stays, without identifiers, for the records that must be kept');

SELECT security.secure_table('phi.appointment', 'tenant_id', subject_column => 'patient_id',
    writers => '{medspasync_backend,medspasync_pro_next}', removers => '{medspasync_backend}', on_erase => 'delete');

SELECT security.secure_table('phi.treatment', 'tenant_id', subject_column => 'patient_id',
    readers => '{medspasync_pro_next}', writers => '{medspasync_backend}',
    retain_for => '10 years', retain_from => 'performed_at', retain_reason => 'medical record, state retention law');

SELECT security.secure_table('phi.clinical_note', 'tenant_id', subject_column => 'patient_id',
    writers => '{medspasync_backend}', sealed_columns => '{"body_sealed": null}',
    retain_for => '10 years', retain_from => 'written_at', retain_reason => 'medical record, state retention law');

SELECT security.secure_table('phi.payment_reference', 'tenant_id', subject_column => 'patient_id',
    writers => '{medspasync_backend}',
    retain_for => '7 years', retain_from => 'paid_at', retain_reason => 'tax records, 26 CFR 1.6001-1');

SELECT security.secure_table('phi.consent', 'tenant_id', subject_column => 'patient_id',
    readers => '{medspasync_pro_next}', writers => '{medspasync_backend}',
    retain_for => '6 years', retain_from => 'recorded_at', retain_reason => 'proof of consent, 164.508(b)(6), 164.530(j)');

SELECT security.secure_table('phi.message', 'tenant_id', subject_column => 'patient_id',
    writers => '{medspasync_backend}', removers => '{medspasync_backend}', sealed_columns => '{"body_sealed": null}',
    on_erase => 'delete');
