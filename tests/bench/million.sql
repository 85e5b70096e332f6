-- 333,400 tasks in the year 2026 and 1,000,000 entries of real money, written as the program writes them: a hold each,
-- then a charge or a release, and a correction. The ledger's triggers are at work.
INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
SELECT 1000 + n, '', false, 'person ' || n, '', '', '', true, true, now() FROM generate_series(1, 8) n;

INSERT INTO generations_campaign (id, name, slug, archived, is_restricted, created_at)
SELECT 1000 + n, 'Campaign ' || n, 'campaign-' || n, false, false, now() FROM generate_series(1, 12) n;

INSERT INTO generations_prompt (id, title, text, negative_prompt, notes, archived, created_at, updated_at)
SELECT 1000 + n, 'Prompt ' || n, 'a lighthouse at dawn, number ' || n, '', '', false, now(), now()
FROM generate_series(1, 5000) n;

CREATE TEMP TABLE made AS
SELECT n AS id, timestamptz '2026-01-01 00:00 UTC' + n * interval '94.5 seconds' AS at, n::bigint * 7919 % 999983 AS r,
    n::bigint * 104729 % 10007 / 10007.0 AS fate
FROM generate_series(1, 333400) n;

INSERT INTO generations_shot (id) SELECT 1000 + id FROM made;

INSERT INTO generations_generationtask (
    id, prompt_id, prompt_text, negative_prompt, provider, model, mode, duration_seconds, aspect_ratio, route,
    start_image_url, end_image_url, delivery, practice, price_usd, ordered_by_id, batch, take, campaign_id, status, due_at,
    remote_id, remote_state, attempts, send_count, maybe_accepted, poll_count, failures, crash_count, candidate_id, result_urls, urls_died,
    error_kind, error_code, error_message, created_at, submitted_at, finished_at, stored_at, stops_when_approved,
    parameters, price_is_minimum, candidate_answer, shot_id, refused_sha256
)
SELECT 1000 + id, 1001 + r % 5000, repeat('a lighthouse at dawn, gulls crying ', 12), '',
    (ARRAY['apixo', 'apikley'])[1 + r % 2],
    (ARRAY['kling-2-6', 'kling-2-5-turbo-pro', 'kling-2-1'])[1 + r % 3],
    (ARRAY['text-to-video', 'image-to-video', 'pro-image-to-video', 'master-image-to-video'])[1 + r / 7 % 4], 5, '16:9', '',
    '', '', 'polling', false, CASE WHEN fate < 0.999 THEN 0.35 END, 1001 + r / 11 % 8, gen_random_uuid(), 1,
    1000 + nullif(r / 13 % 13, 0),
    CASE WHEN fate < 0.003 THEN 'running' WHEN fate < 0.1 THEN 'failed' ELSE 'stored' END,
    CASE WHEN fate < 0.003 THEN at END, 'remote-' || id, 'success', 1, 1, false, 10, 0, 0, '', '["https://r2.apixo.ai/clip.mp4"]',
    false, CASE WHEN fate >= 0.003 AND fate < 0.1 THEN 'content' ELSE '' END, '', '', at, at + interval '1 second',
    at + interval '60 seconds', CASE WHEN fate >= 0.1 THEN at + interval '75 seconds' END, false,
    '{}', r % 3 = 1, '', 1000 + id, ''
FROM made;

INSERT INTO generations_ledgerentry (task_id, kind, amount_usd, at, day, by_id, note, practice)
SELECT 1000 + id, kind, amount, moment, (moment AT TIME ZONE 'UTC')::date, by_id, 'bulk', false
FROM (
    SELECT id, 'hold' AS kind, CASE WHEN fate < 0.999 THEN 0.35 END AS amount, at AS moment, NULL::int AS by_id FROM made
    UNION ALL
    SELECT id, CASE WHEN fate < 0.1 THEN 'release' ELSE 'charge' END, CASE WHEN fate < 0.999 THEN 0.35 END,
        at + interval '1 minute', NULL FROM made WHERE fate >= 0.003
    UNION ALL
    SELECT id, 'adjust', -0.05, at + interval '1 hour', 1001 FROM made WHERE fate >= 0.1 AND fate < 0.999
    UNION ALL
    SELECT id, 'adjust', 0.01, at + interval '2 hours', 1001 FROM made WHERE fate >= 0.1 AND fate < 0.204
) entries
ORDER BY moment;

INSERT INTO generations_video (
    task_id, position, title, description, file, poster, poster_small, source_url, sha256, size_bytes, duration_seconds, width, height,
    fps, has_audio, differences, created_at, damage, arrived_damaged, decoded_at, review, reviewed_at, shot_id, prompt_id, campaign_id,
    ordered_by_id, provider, model, mode, aspect_ratio, practice, words, rating, is_labelled, preview, preview_tries, color
)
SELECT t.id, 0, 'a lighthouse', '', 'videos/' || t.id, 'posters/' || t.id, 'posters/small/' || t.id, '', repeat('0', 64), 1000, 5.04,
    1280, 720, 24, false, '[]', at + interval '2 minutes', '', '', at + interval '2 minutes',
    CASE r % 4 WHEN 0 THEN 'approved' WHEN 1 THEN 'rejected' ELSE '' END, CASE WHEN r % 4 < 2 THEN at + interval '1 day' END,
    t.shot_id, t.prompt_id, t.campaign_id, t.ordered_by_id, t.provider, t.model, t.mode, t.aspect_ratio, t.practice, 'a lighthouse', 0,
    false, '', 0, ''
FROM made JOIN generations_generationtask t ON t.id = 1000 + made.id WHERE fate >= 0.1;
