/** `POST /api/v1/command`: runs one command, as typed into a console. */

import { bytesShape } from "../json_values.ts";
import { requireAllowed } from "../policy.ts";
import { Problem } from "../problem.ts";
import { typedReply } from "../reply_json.ts";
import { route } from "../route.ts";
import { arrayShape, integerShape, objectShape, optional, wordShape } from "../shape.ts";

const MAX_ARGUMENTS = 10_000;

export const commandRoute = route({
  method: "POST",
  path: "/api/v1/command",
  summary: "Runs a command; while writing is off only such as read keys and cost little.",
  body: objectShape({
    args: arrayShape(bytesShape, { min: 1, max: MAX_ARGUMENTS }),
    db: optional(integerShape(0, 2 ** 31)),
    protocol: optional(wordShape(["resp2", "resp3"])),
  }),
  handle(asked) {
    const { args, db, protocol } = asked.body;
    requireAllowed(asked.engine, args, asked.parts.writes);
    using commands = asked.commands({
      database: db ?? 0,
      shown: true,
      protocol: protocol === "resp2" ? 2 : 3,
    });
    // What an application does with keys makes them look used; so does a person's command.
    commands.session.noTouch = false;
    const reply = commands.attempt(args);
    if (commands.session.parked) {
      throw new Problem(503, "the command waits: clients are paused", { "Retry-After": "1" });
    }
    return asked.c.json({ reply: reply === undefined ? null : typedReply(reply) });
  },
});
