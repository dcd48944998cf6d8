/**
 * Metrics as Prometheus reads them (https://prometheus.io/docs/instrumenting/exposition_formats):
 * all samples of a metric together, below what it is.
 */

export type Labels = { readonly [name: string]: string };
export type SampleType = "counter" | "gauge" | "histogram" | "summary";

interface Family {
  readonly type: SampleType;
  readonly help: string;
  readonly lines: string[];
}

export class Exposition {
  private readonly families: Map<string, Family> = new Map();

  /**
   * One sample.
   *
   * @param suffix of the sample's name, for the parts of histograms and summaries (`_bucket`).
   */
  add(
    metric: { readonly name: string; readonly type: SampleType; readonly help: string },
    value: number,
    labels: Labels = {},
    suffix = "",
  ): void {
    let family = this.families.get(metric.name);
    if (family === undefined) {
      family = { type: metric.type, help: metric.help, lines: [] };
      this.families.set(metric.name, family);
    }
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`);
    const where = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
    family.lines.push(`${metric.name}${suffix}${where} ${numberText(value)}`);
  }

  text(): string {
    let text = "";
    for (const [name, { type, help, lines }] of this.families) {
      text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("\n")}\n`;
    }
    return text;
  }
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (char) => char === "\n" ? "\\n" : `\\${char}`);
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
