/** A time as API v3 writes it, for example `2017-09-27T11:49:20+00:00`. */
export function v3Timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}+00:00`;
}
