/** N0401 to N0405: what a norm's statistics are taken over. */

import { type Diagnostic, type Place, diagnostic } from "../../diagnostics/diagnostic.js";
import { extentOf, hasAxis } from "../../ir/types.js";
import type { Elaborator } from "../elaborator.js";
import type { GroupSite } from "../model.js";
import { Constancy, type Statistic, statistics } from "./analysis.js";

/** Looks at every norm of a training program. */
export function checkStatistics(e: Elaborator): Diagnostic[] {
  const constancy = new Constancy();
  // A mask inside a stack hides what follows in that stack; one outside of all may be used in any.
  const stacks = new Set(e.sites.map((site) => site.stack));
  const around = (path: string) => [...stacks].filter((stack) => path === stack || path.startsWith(`${stack}.`));
  const hides = ({ site }: GroupSite) => e.causal.find(({ within }) => around(within).length === 0 || around(within).some((stack) => around(site).includes(stack)));
  const found: Diagnostic[] = [];
  const told = new Set<string>();
  for (const site of e.groupSites) {
    if (site.norm === undefined) continue;
    const taken = statistics(e.builder.operations, site);
    // One policy line lands at many sites; the first of them tells.
    const once = (make: () => Diagnostic) => {
      const made = make();
      const key = `${made.code} ${site.policyPlace.start} ${site.policyPlace.source.path}`;
      if (!told.has(key)) found.push(made);
      told.add(key);
    };
    const smallest = taken.filter(({ isInNet }) => !isInNet).reduce<Statistic | undefined>((least, statistic) => (least === undefined || statistic.count < least.count ? statistic : least), undefined);
    if (smallest !== undefined && smallest.count === 1) once(() => overOne(site, smallest));
    else if (smallest !== undefined && smallest.count === 2) once(() => overTwo(site, smallest));
    const same = taken.find((statistic) => statistic.axes.includes("batch") && statistic.axes.every((axis) => constancy.along(site.input, axis)));
    if (same !== undefined && smallest?.count !== 1) once(() => sameInEveryExample(site));
    const ahead = taken.find((statistic) => statistic.axes.includes("token") && hasAxis(statistic.operand.type, "token") && extentOf(statistic.operand.type, "token") > 1);
    const mask = ahead && hides(site);
    if (mask !== undefined) once(() => seesTheFuture(mask.place, site, ahead!));
  }
  return found;
}

function groupsText(site: GroupSite): string {
  if (site.groups.length === 0) return "its input";
  return `group${site.groups.length === 1 ? "" : "s"} ${site.groups.map((group) => `\`${group}\``).join(" and ")}`;
}

function related(site: GroupSite) {
  return [{ place: site.sitePlace, label: `at \`${site.site}\`` }];
}

function overOne(site: GroupSite, { axes, operand }: Statistic): Diagnostic {
  const extents = axes.map((axis) => `${axis}: ${extentOf(operand.type, axis)}`).join(", ");
  if (axes.includes("token") && !axes.includes("batch") && site.tokens === 1) {
    return diagnostic("N0403", site.policyPlace, `\`${site.norm}\` erases ${groupsText(site)}: it takes its statistics over the tokens, and there is one`, {
      related: related(site),
      help: "use a norm over the features here, such as `layer`, or `none`",
      note: "a value minus the mean of itself is 0, so that the shift is all that is left",
    });
  }
  return diagnostic("N0401", site.policyPlace, `\`${site.norm}\` takes statistics over one value for ${groupsText(site)} (${extents})`, {
    related: related(site),
    help: axes.includes("batch") ? "take a larger batch, or a norm over the features, such as `layer`" : "let fewer groups share the features",
    note: "a value minus the mean of itself is 0, so that the shift is all that is left",
  });
}

function overTwo(site: GroupSite, { axes, operand }: Statistic): Diagnostic {
  const extents = axes.map((axis) => `${axis}: ${extentOf(operand.type, axis)}`).join(", ");
  return diagnostic("N0402", site.policyPlace, `\`${site.norm}\` takes statistics over two values for ${groupsText(site)} (${extents})`, {
    related: related(site),
    help: axes.includes("batch") ? "take a larger batch, or a norm over the features, such as `layer`" : "at least three values make a statistic",
    note: "two values become -1 and 1 whatever they are, and almost no gradient passes",
  });
}

function sameInEveryExample(site: GroupSite): Diagnostic {
  const override = (norm: string) => `normalize at ${site.at} { ${site.groups.join(", ")}: ${norm} }`;
  return diagnostic("N0404", site.policyPlace, `${groupsText(site)} ${site.groups.length === 1 ? "is" : "are"} the same in every example when \`${site.norm}\` first meets ${site.groups.length === 1 ? "it" : "them"}`, {
    related: related(site),
    help: site.at === undefined ? "choose another norm there, or none; a larger `eps` bounds the harm" : `choose another policy there, \`${override("layer")}\`, or none, \`${override("none")}\`; a larger \`eps\` bounds the harm`,
    note: `at \`${site.site}\` the variance is 0: training gives the shift and no gradient, and evaluation amplifies the lag of the running mean`,
  });
}

function seesTheFuture(mask: Place, site: GroupSite, { axes }: Statistic): Diagnostic {
  return diagnostic("N0405", site.policyPlace, `\`${site.norm}\` takes statistics over ${axes.map((axis) => `\`${axis}\``).join(" and ")} in a causal model, so tokens see the ones that follow`, {
    related: [{ place: mask, label: "what follows is hidden here" }, ...related(site)],
    help: "use a norm of each token alone, such as `layer` or `rms`",
  });
}
