import { URL, URLSearchParams } from 'https://jslib.k6.io/url/1.0.0/index.js';

function same(got, want) {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`${JSON.stringify(got)} is not ${JSON.stringify(want)}`);
}

export default function () {
  const url = new URL('https://me:pw@Example.com:8443/a/../b c?x=1&x=2#top');
  same(
    [url.href, url.origin, url.host, url.hostname, url.port, url.pathname, url.search, url.hash, url.username, url.password],
    [
      'https://me:pw@example.com:8443/b%20c?x=1&x=2#top', 'https://example.com:8443', 'example.com:8443', 'example.com',
      '8443', '/b%20c', '?x=1&x=2', '#top', 'me', 'pw',
    ],
  );
  same(url.searchParams.getAll('x'), ['1', '2']);
  url.searchParams.append('y', 'ä b');
  same(url.search, '?x=1&x=2&y=%C3%A4+b');
  url.search = '?q=%41';
  same(url.searchParams.get('q'), 'A');
  url.pathname = 'p?q';
  url.port = '443';
  url.hash = '';
  same(url.toString(), 'https://me:pw@example.com/p%3Fq?q=%41');
  for (const [input, base, want] of [
    ['../x', 'https://a.test/b/c/d', 'https://a.test/b/x'],
    ['?q', 'https://a.test/b/c#z', 'https://a.test/b/c?q'],
    ['//other.test', 'https://a.test/b', 'https://other.test/'],
    ['/x#y', 'http://a.test:80/b', 'http://a.test/x#y'],
    ['', 'https://a.test/b?c#d', 'https://a.test/b?c'],
  ]) same(new URL(input, base).href, want);
  let error;
  try {
    new URL('no url');
  } catch (thrown) {
    error = thrown;
  }
  same(error instanceof TypeError, true);
  const params = new URLSearchParams([['b', '2'], ['a', '1'], ['b', '3']]);
  params.sort();
  same(params.toString(), 'a=1&b=2&b=3');
  params.set('b', '4');
  params.delete('a');
  same([...params], [['b', '4']]);
  same([params.has('b'), params.has('a'), params.get('a')], [true, false, null]);
  same(new URLSearchParams({ k: 'v&w' }).toString(), 'k=v%26w');
  same(new URLSearchParams('?a=b+c&d').toString(), 'a=b+c&d=');
  console.log('all as documented');
}
