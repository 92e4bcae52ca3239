/** A list of faults: this one, unless something holds. */
export function unless(holds: boolean, fault: string): string[] {
  return holds ? [] : [fault];
}
