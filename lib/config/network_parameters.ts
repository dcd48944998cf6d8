/** Rows of the parameter table: listening, clients, security, TLS, and what the server itself is. */

import { ConfigError } from "./config_error.ts";
import {
  choice,
  COUNT,
  INT_MAX,
  integer,
  LONG_COUNT,
  LONG_MAX,
  memory,
  memoryOrPercent,
  octal,
  optionalText,
  PORT,
  text,
  UINT_MAX,
  yesNo,
} from "./parameter.ts";
import {
  addresses,
  clientOutputBufferLimit,
  oomScoreValues,
  portOrNo,
  shutdownFlags,
} from "./special_parameters.ts";

const NO_TLS = "connections are not encrypted: put a TLS proxy in front";
const ONE_PROCESS = "there is one process, which the runtime schedules";
const NO_MODULES = "modules are not supported";
const RUNTIME = "the runtime decides this";

export const NETWORK_PARAMETERS = {
  "port": integer(6379, PORT),
  "bind": addresses("127.0.0.1 -::1"),
  "bind-source-addr": optionalText(),
  "protected-mode": yesNo("yes"),
  "tcp-backlog": integer(511, COUNT, { immutable: true }),
  "tcp-keepalive": integer(300, COUNT),
  "timeout": integer(0, COUNT),
  "unixsocket": optionalText({ immutable: true }),
  "unixsocketperm": octal(0, [0n, 0o777n], { immutable: true }),
  "socket-mark-id": integer(0, [0n, UINT_MAX], {
    immutable: true,
    withoutEffect: "the runtime can't mark sockets",
  }),
  "admin-port": portOrNo("8379", { immutable: true, ours: true }),
  "admin-bind": text("127.0.0.1", { immutable: true, ours: true }),
  "admin-write": yesNo("no", { immutable: true, ours: true }),
  "admin-token": optionalText({ immutable: true, ours: true, sensitive: true, hidden: true }),
  "admin-token-file": optionalText({ immutable: true, ours: true }),
};

export const CLIENT_PARAMETERS = {
  "maxclients": integer(10000, [1n, UINT_MAX]),
  "maxmemory-clients": memoryOrPercent("0"),
  "client-output-buffer-limit": clientOutputBufferLimit(
    "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
  ),
  "client-query-buffer-limit": memory("1gb", [1024n * 1024n, LONG_MAX]),
  "proto-max-bulk-len": memory("512mb", [1024n * 1024n, LONG_MAX]),
  "tracking-table-max-keys": integer(1000000, LONG_COUNT),
};

export const SECURITY_PARAMETERS = {
  "requirepass": optionalText({ sensitive: true }),
  "aclfile": text("", { immutable: true }),
  "acl-pubsub-default": choice(
    ["allchannels", "resetchannels"],
    "resetchannels",
  ),
  "acllog-max-len": integer(128, LONG_COUNT),
  "enable-protected-configs": choice(["no", "yes", "local"], "no", {
    immutable: true,
  }),
  "enable-debug-command": choice(["no", "yes", "local"], "no", {
    immutable: true,
  }),
  "enable-module-command": choice(["no", "yes", "local"], "no", {
    immutable: true,
    withoutEffect: NO_MODULES,
  }),
};

export const SERVER_PARAMETERS = {
  "daemonize": yesNo("no", { immutable: true, check: refuseDaemonize }),
  "supervised": choice(["upstart", "systemd", "auto", "no"], "no", {
    immutable: true,
    withoutEffect: "no supervisor is notified: use a plain service (systemd: Type=simple)",
  }),
  "pidfile": optionalText({ immutable: true }),
  "loglevel": choice(
    ["debug", "verbose", "notice", "warning", "nothing"],
    "notice",
  ),
  "logfile": text("", { immutable: true }),
  "syslog-enabled": yesNo("no", {
    immutable: true,
    withoutEffect: "the log goes to standard output or `logfile`",
  }),
  "syslog-ident": text("redis", {
    immutable: true,
    withoutEffect: "as syslog-enabled",
  }),
  "syslog-facility": choice(
    [
      "user",
      "local0",
      "local1",
      "local2",
      "local3",
      "local4",
      "local5",
      "local6",
      "local7",
    ],
    "local0",
    { immutable: true, withoutEffect: "as syslog-enabled" },
  ),
  "databases": integer(16, [1n, INT_MAX], { immutable: true }),
  "hz": integer(10, COUNT, { clamp: [1n, 500n] }),
  "dynamic-hz": yesNo("yes"),
  "shutdown-timeout": integer(10, COUNT),
  "shutdown-on-sigint": shutdownFlags(),
  "shutdown-on-sigterm": shutdownFlags(),
  "always-show-logo": yesNo("no", {
    immutable: true,
    withoutEffect: "there is no logo",
  }),
  "set-proc-title": yesNo("yes", {
    immutable: true,
    withoutEffect: "the runtime can't set a process title",
  }),
  "proc-title-template": text("{title} {listen-addr} {server-mode}", {
    check: requireTitleTemplate,
    withoutEffect: "as set-proc-title",
  }),
  "locale-collate": text("", {
    withoutEffect: "texts are compared byte by byte",
  }),
  "ignore-warnings": text("", {
    withoutEffect: "there are no start-up checks to silence",
  }),
  "crash-log-enabled": yesNo("yes", { withoutEffect: RUNTIME }),
  "crash-memcheck-enabled": yesNo("yes", { withoutEffect: RUNTIME }),
  "use-exit-on-panic": yesNo("no", { hidden: true, withoutEffect: RUNTIME }),
  "watchdog-period": integer(0, COUNT, {
    hidden: true,
    withoutEffect: RUNTIME,
  }),
  "disable-thp": yesNo("yes", { immutable: true, withoutEffect: RUNTIME }),
  "jemalloc-bg-thread": yesNo("yes", { withoutEffect: "jemalloc is not used" }),
  "io-threads": integer(1, [1n, 128n], {
    immutable: true,
    withoutEffect: ONE_PROCESS,
  }),
  "io-threads-do-reads": yesNo("no", {
    immutable: true,
    withoutEffect: ONE_PROCESS,
  }),
  "server_cpulist": optionalText({
    aliases: ["server-cpulist"],
    immutable: true,
    withoutEffect: ONE_PROCESS,
  }),
  "bio_cpulist": optionalText({
    aliases: ["bio-cpulist"],
    immutable: true,
    withoutEffect: ONE_PROCESS,
  }),
  "aof_rewrite_cpulist": optionalText({
    aliases: ["aof-rewrite-cpulist"],
    immutable: true,
    withoutEffect: ONE_PROCESS,
  }),
  "bgsave_cpulist": optionalText({
    aliases: ["bgsave-cpulist"],
    immutable: true,
    withoutEffect: ONE_PROCESS,
  }),
  "oom-score-adj": choice(["no", "yes", "relative", "absolute"], "no", {
    sameAs: { relative: "yes" },
    withoutEffect: "the process's OOM score is left to whoever starts it",
  }),
  "oom-score-adj-values": oomScoreValues("0 200 800", {
    withoutEffect: "as oom-score-adj",
  }),
};

export const TLS_PARAMETERS = {
  "tls-port": integer(0, PORT, { check: refuseTls, withoutEffect: NO_TLS }),
  "tls-cluster": yesNo("no", { check: refuseTls, withoutEffect: NO_TLS }),
  "tls-replication": yesNo("no", { check: refuseTls, withoutEffect: NO_TLS }),
  "tls-auth-clients": choice(["no", "yes", "optional"], "yes", {
    withoutEffect: NO_TLS,
  }),
  "tls-prefer-server-ciphers": yesNo("no", { withoutEffect: NO_TLS }),
  "tls-session-caching": yesNo("yes", { withoutEffect: NO_TLS }),
  "tls-session-cache-size": integer(20480, COUNT, { withoutEffect: NO_TLS }),
  "tls-session-cache-timeout": integer(300, COUNT, { withoutEffect: NO_TLS }),
  "tls-cert-file": optionalText({ withoutEffect: NO_TLS }),
  "tls-key-file": optionalText({ withoutEffect: NO_TLS }),
  "tls-key-file-pass": optionalText({ sensitive: true, withoutEffect: NO_TLS }),
  "tls-client-cert-file": optionalText({ withoutEffect: NO_TLS }),
  "tls-client-key-file": optionalText({ withoutEffect: NO_TLS }),
  "tls-client-key-file-pass": optionalText({
    sensitive: true,
    withoutEffect: NO_TLS,
  }),
  "tls-dh-params-file": optionalText({ withoutEffect: NO_TLS }),
  "tls-ca-cert-file": optionalText({ withoutEffect: NO_TLS }),
  "tls-ca-cert-dir": optionalText({ withoutEffect: NO_TLS }),
  "tls-protocols": optionalText({ withoutEffect: NO_TLS }),
  "tls-ciphers": optionalText({ withoutEffect: NO_TLS }),
  "tls-ciphersuites": optionalText({ withoutEffect: NO_TLS }),
};

/** Silently staying unencrypted would be worse than not starting. */
function refuseTls(wanted: boolean | number): void {
  if (wanted !== false && wanted !== 0) {
    throw new ConfigError(
      "Unable to update TLS configuration. Check server logs.",
    );
  }
}

function refuseDaemonize(wanted: boolean): void {
  if (wanted) {
    throw new ConfigError(
      "going into the background is not supported: let a service manager start the server",
    );
  }
}

function requireTitleTemplate(template: string): void {
  const variables = /\{(title|listen-addr|server-mode|port|tls-port|unixsocket|config-file)\}/g;
  const rest = template.replaceAll("{{", "").replace(variables, "");
  if (template === "" || rest.includes("{")) {
    throw new ConfigError(
      "template format is invalid or contains unknown variables",
    );
  }
}
