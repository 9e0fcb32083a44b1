import { FormData } from 'https://jslib.k6.io/formdata/0.0.2/index.js';
import http from 'k6/http';

export default function () {
  const form = new FormData();
  form.boundary = 'B';
  form.append('text', 'wörld');
  form.append('file', http.file('abc', 'a.txt', 'text/plain'));
  form.append('bytes', { data: new Uint8Array([65, 66]).buffer, filename: 'b.bin', content_type: 'image/png' });
  const lines = [
    '--B', 'Content-Disposition: form-data; name="text"', '', 'wörld',
    '--B', 'Content-Disposition: form-data; name="file"; filename="a.txt"', 'Content-Type: text/plain', '', 'abc',
    '--B', 'Content-Disposition: form-data; name="bytes"; filename="b.bin"', 'Content-Type: image/png', '', 'AB',
    '--B--', '',
  ];
  const body = form.body();
  const text = new TextDecoder().decode(body);
  if (!(body instanceof ArrayBuffer) || text !== lines.join('\r\n')) throw new Error(text);
  if (new FormData().boundary === new FormData().boundary) throw new Error('boundaries are not random');
  console.log('all as documented');
}
