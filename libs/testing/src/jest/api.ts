/** An HTTP response with a JSON body. */
export interface Answer {
  readonly status: number;
  // any JSON; each test asserts what it expects
  readonly body: any;
  readonly headers: Headers;
}

/** An HTTP client for JSON requests to one address. */
export class Api {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  patch(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('PATCH', path, body, headers);
  }

  /** All resources of a collection, page by page. */
  async all<T>(collection: string): Promise<T[]> {
    const items: T[] = [];
    for (let page = 0; ; page += 1) {
      const { status, body } = await this.get(`/${collection}?size=1000&page=${page}`);
      if (status !== 200) throw new Error(`GET /${collection} answers ${status}`);
      items.push(...body._embedded[collection]);
      if (page + 1 >= body.page.totalPages) return items;
    }
  }

  private async send(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Answer> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      body: text === '' ? undefined : JSON.parse(text),
      headers: answer.headers,
    };
  }
}
