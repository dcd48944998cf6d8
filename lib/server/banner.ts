/** What the log shows first; scripts that start servers look for ` PID: ` and `Port: `. */

export interface BannerFacts {
  readonly version: string;
  readonly redisVersion: string;
  readonly port: number;
  readonly pid: number;
}

export function banner(facts: BannerFacts): string {
  return `
       _____
   ,-''     ''-.      Redino ${facts.version} (speaks Redis ${facts.redisVersion}) 64 bit
  /  .-"""""-.  \\
 |  /  o   o  \\  |    Running in standalone mode
 |  |    ^    |  |    Port: ${facts.port}
 |   \\  '-'  /   |    PID: ${facts.pid}
  \\   '-----'   /
   '-.._____..-'

`;
}
