BEGIN TRANSACTION;
CREATE TABLE alert_groups (
	id TEXT NOT NULL,
	route_id TEXT NOT NULL,
	receiver TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	flush_at BIGINT NOT NULL,
	flushed_at BIGINT,
	body TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "alert_groups" VALUES('{}/{}','{}','ops',1709208000000000,1709208001000000,NULL,'{"labels":{"alertname":"DiskFull"},"group_key":"{}:{}"}');
CREATE TABLE alerts (
	fingerprint TEXT NOT NULL,
	within TEXT NOT NULL,
	starts_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	ends_at BIGINT,
	body TEXT NOT NULL,
	PRIMARY KEY (fingerprint, within)
);
INSERT INTO "alerts" VALUES('fd807b82f98f9135','',1709208000000000,1709208001000000,NULL,'{"labels":{"alertname":"DiskFull","instance":"db-1"},"annotations":{"templates":[["summary","{{ $labels.instance }} is full"]],"series":{"alertname":"DiskFull","instance":"db-1"},"value":"+Inf"},"sources":["disk.yml;disk;DiskFull;0"],"groups":["{}/{}"]}');
CREATE TABLE attempts (
	id INTEGER NOT NULL,
	at BIGINT NOT NULL,
	outbox TEXT NOT NULL,
	group_id TEXT NOT NULL,
	integration TEXT NOT NULL,
	error TEXT NOT NULL,
	body TEXT NOT NULL,
	group_mark BIGINT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "attempts" VALUES(1,1709208000000000,'1','{}/{}','ops/webhook[0]','connection refused','{"attempt":1}',-8748391790964911905);
CREATE TABLE decisions (
	id INTEGER NOT NULL,
	at BIGINT NOT NULL,
	group_id TEXT NOT NULL,
	integration TEXT NOT NULL,
	reason TEXT NOT NULL,
	body TEXT NOT NULL,
	group_mark BIGINT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "decisions" VALUES(1,1709208000000000,'{}/{}','ops/webhook[0]','first','{"route":"{}","sent":true,"firing":1,"resolved":0,"group_key":"{}:{}"}',-8748391790964911905);
CREATE TABLE firings (
	rule TEXT NOT NULL,
	known_since BIGINT NOT NULL,
	fired_at BIGINT,
	PRIMARY KEY (rule)
);
INSERT INTO "firings" VALUES('disk.yml;disk;DiskFull;0',1709204400000000,1709208000000000);
CREATE TABLE incident_events (
	id INTEGER NOT NULL,
	at BIGINT NOT NULL,
	incident INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	level INTEGER NOT NULL,
	what TEXT NOT NULL,
	detail TEXT NOT NULL,
	actor TEXT NOT NULL,
	via TEXT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "incident_events" VALUES(1,1709208000000000,12,1,0,'acked','on it','ana','slack','{"source":"T024/U01ANA"}');
CREATE TABLE incidents (
	number INTEGER NOT NULL,
	state TEXT NOT NULL,
	severity TEXT NOT NULL,
	title TEXT NOT NULL,
	owner TEXT NOT NULL,
	epoch INTEGER NOT NULL,
	level INTEGER NOT NULL,
	opened_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	due_at BIGINT,
	resolved_at BIGINT,
	policy TEXT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (number)
);
INSERT INTO "incidents" VALUES(12,'triggered','critical','DiskFull','',1,0,1709208000000000,1709208001000000,1709208900000000,NULL,'{"name":"ladder","levels":[{"name":"on-call","at":"P0D","notify":[{"kind":"schedule","name":"primary"},{"kind":"slack","name":"#incidents"}],"profile":"page"},{"name":"manager","at":"PT900S","notify":[{"kind":"person","name":"mia"}],"profile":"page"}],"repeat":{"times":0,"every":"PT1800S"},"if_nobody":"next","ack":{"timeout":"PT3600S","remind_before":"PT600S","by":1},"on_new_alert":"notify_owner","on_severity_increase":"reopen","on_resolve":"notified","hours":{"calendar":"office","severities":["warning"]},"min_gap":"PT60S","reopen_window":"PT600S","resolve_ttl":"PT14400S","auto_close":"P7D","max_snooze":"P1D","flapping":{"high":30.0,"low":20.0}}','{"identity":"{}/{alertname=\"DiskFull\"}","route":"{}","labels":{"alertname":"DiskFull"},"worst":"critical","seen_at":"2024-02-29T12:00:00Z","alerts":["fd807b82f98f9135"],"level_at":"2024-02-29T12:00:00Z","clock":"P0D","running_since":"2024-02-29T12:00:00Z"}');
CREATE TABLE ledger (
	group_id TEXT NOT NULL,
	integration TEXT NOT NULL,
	told_at BIGINT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (group_id, integration)
);
INSERT INTO "ledger" VALUES('{}/{}','ops/webhook[0]',1709208000000000,'{"firing":["fd807b82f98f9135"],"receipt":[["ts","1.2"]]}');
CREATE TABLE maintenance (
	id TEXT NOT NULL,
	component TEXT NOT NULL,
	starts_at BIGINT NOT NULL,
	ends_at BIGINT NOT NULL,
	author TEXT NOT NULL,
	reason TEXT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "maintenance" VALUES('m1','billing-api',1709208000000000,1709211600000000,'ann','moving the database','{"matchers":[{"name":"env","op":"=","value":"prod"}]}');
CREATE TABLE meta (
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (name)
);
INSERT INTO "meta" VALUES('schema','3');
INSERT INTO "meta" VALUES('epoch','1');
INSERT INTO "meta" VALUES('seen_at','1709208000000000');
CREATE TABLE outbox (
	id TEXT NOT NULL,
	group_id TEXT NOT NULL,
	receiver TEXT NOT NULL,
	integration TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	retry_at BIGINT,
	attempts INTEGER NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "outbox" VALUES('1','{}/{}','ops','ops/webhook[0]',1709208001000000,1709208009000000,2,'{"notification":{"receiver":"ops","integration":"ops/webhook[0]","group_labels":{"alertname":"DiskFull"},"reason":"first","alerts":[{"labels":{"alertname":"DiskFull","instance":"db-1"},"annotations":{"templates":[["summary","{{ $labels.instance }} is full"]],"series":{"alertname":"DiskFull","instance":"db-1"},"value":"+Inf"},"starts_at":"2024-02-29T12:00:00Z"}],"at":"2024-02-29T12:00:01Z","group_key":"{}:{}"}}');
CREATE TABLE overrides (
	id TEXT NOT NULL,
	schedule TEXT NOT NULL,
	starts_at BIGINT NOT NULL,
	ends_at BIGINT NOT NULL,
	replaced TEXT NOT NULL,
	stand_in TEXT NOT NULL,
	author TEXT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "overrides" VALUES('o1','primary',1709208000000000,1709211600000000,'ana','bo','ana','{"reason":"dentist","made_at":"2024-02-29T11:59:59Z"}');
CREATE TABLE pages (
	id TEXT NOT NULL,
	incident INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	level INTEGER NOT NULL,
	whom TEXT NOT NULL,
	way TEXT NOT NULL,
	delay BIGINT NOT NULL,
	kind TEXT NOT NULL,
	serial INTEGER NOT NULL,
	integration TEXT NOT NULL,
	state TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	due_at BIGINT NOT NULL,
	sent_at BIGINT,
	body TEXT NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT pages_once UNIQUE (incident, epoch, level, whom, way, delay, kind, serial)
);
INSERT INTO "pages" VALUES('e8fcf26476ed1a02',12,1,0,'ana','sms',180000000,'page',0,'person:ana/sms','sent',1709208000000000,1709208180000000,1709208180000000,'{"late":"P0D","attempts":1,"receipt":[["sid","SM1"]]}');
CREATE TABLE rule_alerts (
	rule TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	state TEXT NOT NULL,
	active_at BIGINT NOT NULL,
	fired_at BIGINT,
	resolved_at BIGINT,
	keep_firing_since BIGINT,
	body TEXT NOT NULL,
	PRIMARY KEY (rule, fingerprint)
);
INSERT INTO "rule_alerts" VALUES('disk.yml;disk;DiskFull;0','fd807b82f98f9135','firing',1709208000000000,1709208001000000,NULL,NULL,'{"labels":{"alertname":"DiskFull","instance":"db-1"},"annotations":{"templates":[["summary","{{ $labels.instance }} is full"]],"series":{"alertname":"DiskFull","instance":"db-1"},"value":"+Inf"}}');
CREATE TABLE silences (
	id TEXT NOT NULL,
	starts_at BIGINT NOT NULL,
	ends_at BIGINT NOT NULL,
	updated_at BIGINT,
	body TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "silences" VALUES('5b1e6f0c-0000-5000-8000-000000000001',1709208000000000,1709211600000000,1709208000000000,'{"matcher_sets":[[{"name":"instance","op":"=~","value":"db-.*"},{"name":"env","op":"!=","value":"test"}],[{"name":"alertname","op":"=","value":"DiskFull"}]],"created_by":"ann","comment":"the disk is on its way","annotations":[["ticket","OPS-1"]]}');
CREATE TABLE transitions (
	id INTEGER NOT NULL,
	at BIGINT NOT NULL,
	rule TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	state_before TEXT,
	state_after TEXT,
	body TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "transitions" VALUES(1,1709208000000000,'disk.yml;disk;DiskFull;0','fd807b82f98f9135',NULL,'pending','{"labels":{"alertname":"DiskFull","instance":"db-1"},"active_at":"2024-02-29T12:00:00Z","value":"NaN"}');
CREATE TABLE windows (
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	schedule TEXT NOT NULL,
	until BIGINT,
	updated_at BIGINT,
	body TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "windows" VALUES('5b1e6f0c-0000-4000-8000-000000000002','patch night','0 22 * * tue#2',1709294400000000,1709208000000000,'{"matcher_sets":[[{"name":"env","op":"=","value":"staging"}]],"duration":7200.0,"location":"Europe/Berlin","created_by":"ann","comment":"updates"}');
CREATE INDEX incidents_by_opening ON incidents (opened_at);
CREATE INDEX incidents_by_end ON incidents (resolved_at);
CREATE INDEX pages_by_time ON pages (created_at);
CREATE INDEX transitions_by_time ON transitions (at);
CREATE INDEX transitions_by_alert ON transitions (fingerprint, at);
CREATE INDEX decisions_by_time ON decisions (at);
CREATE INDEX decisions_by_group ON decisions (group_mark, at);
CREATE INDEX attempts_by_time ON attempts (at);
CREATE INDEX attempts_by_group ON attempts (group_mark, at);
CREATE INDEX incident_events_by_time ON incident_events (at);
CREATE INDEX incident_events_by_incident ON incident_events (incident, at);
COMMIT;
