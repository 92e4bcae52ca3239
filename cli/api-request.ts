/** A request to the connector, before or after it was signed. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}
export type SignRequest = (request: ApiRequest) => Promise<ApiRequest>;
