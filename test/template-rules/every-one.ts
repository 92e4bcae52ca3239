import { resourcesOf, type NamedResource, type Rule } from './rule.ts';

/** A rule about every resource of one type: each demand that is not met is a fault. */
export function everyOne(
  name: string,
  type: string,
  demands: Readonly<Record<string, (resource: NamedResource) => boolean>>,
  mistakes: Rule['mistakes'],
): Rule {
  return {
    name,
    mistakes,
    faults: (template) =>
      resourcesOf(template, type).flatMap((resource) =>
        Object.entries(demands)
          .filter(([, isMet]) => !isMet(resource))
          .map(([demand]) => `${resource.id}: ${demand}.`),
      ),
  };
}
