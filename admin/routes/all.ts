/** Every route with a path of its own, in the order in which they are listed. A new one is one more line. */

import type { Route } from "../route.ts";
import { clientsRoute, killClientRoute } from "./clients.ts";
import { commandRoute } from "./console.ts";
import { eventsRoute, messagesRoute, monitorRoute } from "./events.ts";
import { healthRoute, readyRoute } from "./health.ts";
import { databasesRoute, infoRoute } from "./info.ts";
import { keyRoute } from "./key.ts";
import {
  changeKeyRoute,
  deleteKeyRoute,
  flushRoute,
  renameKeyRoute,
  setTtlRoute,
} from "./key_writes.ts";
import { keysRoute } from "./keys.ts";
import { metricsRoute } from "./metrics.ts";
import { pubsubRoute } from "./pubsub.ts";
import { replicationRoute } from "./replication.ts";
import { configRoute, memoryRoute, persistenceRoute, setConfigRoute } from "./server_state.ts";
import { commandsRoute, commandStatsRoute, latencyRoute, slowLogRoute } from "./statistics.ts";
import { groupsRoute, pendingRoute } from "./streams.ts";
import { exportRoute, importCommandsRoute, importRoute } from "./transfer.ts";
import { treeRoute } from "./tree.ts";

export const ROUTES: readonly Route[] = [
  healthRoute,
  readyRoute,
  metricsRoute,
  infoRoute,
  databasesRoute,
  keysRoute,
  treeRoute,
  keyRoute,
  groupsRoute,
  pendingRoute,
  clientsRoute,
  replicationRoute,
  pubsubRoute,
  slowLogRoute,
  latencyRoute,
  commandsRoute,
  commandStatsRoute,
  configRoute,
  persistenceRoute,
  memoryRoute,
  eventsRoute,
  monitorRoute,
  messagesRoute,
  exportRoute,
  commandRoute,
  changeKeyRoute,
  deleteKeyRoute,
  setTtlRoute,
  renameKeyRoute,
  flushRoute,
  importRoute,
  importCommandsRoute,
  setConfigRoute,
  killClientRoute,
];
