// Stands in for https://jslib.k6.io/formdata: written for ssek from the documentation.

const quoted = (text) => String(text).replace(/"/g, '%22').replace(/\r/g, '%0D').replace(/\n/g, '%0A');

function bytesOf(data) {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (Array.isArray(data)) return new Uint8Array(data);
  return new TextEncoder().encode(String(data));
}

const isFile = (value) =>
  value !== null && typeof value === 'object' && value.data !== undefined && !ArrayBuffer.isView(value);

/** The fields of a form; body() is an ArrayBuffer of multipart/form-data with the boundary. */
export class FormData {
  constructor() {
    let suffix = '';
    while (suffix.length < 24) suffix += Math.floor(Math.random() * 36).toString(36);
    this.boundary = `----RWWorkerFormDataBoundary${suffix}`;
    this.parts = [];
  }

  append(name, value, filename) {
    const part = { field: String(name) };
    if (isFile(value)) {
      part.value = value.data;
      part.filename = filename !== undefined ? filename : value.filename;
      part.type = value.content_type;
    } else {
      part.value = value;
      part.filename = filename;
    }
    const isBinary = part.value instanceof ArrayBuffer || ArrayBuffer.isView(part.value) || Array.isArray(part.value);
    if (part.filename === undefined && (isBinary || isFile(value))) part.filename = 'blob';
    if (part.filename !== undefined && part.type === undefined) part.type = 'application/octet-stream';
    this.parts.push(part);
  }

  body(boundary) {
    const mark = boundary || this.boundary;
    const chunks = [];
    for (const part of this.parts) {
      let head = `--${mark}\r\nContent-Disposition: form-data; name="${quoted(part.field)}"`;
      if (part.filename !== undefined) head += `; filename="${quoted(part.filename)}"`;
      if (part.type !== undefined) head += `\r\nContent-Type: ${part.type}`;
      chunks.push(bytesOf(`${head}\r\n\r\n`), bytesOf(part.value), bytesOf('\r\n'));
    }
    chunks.push(bytesOf(`--${mark}--\r\n`));
    const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole.buffer;
  }
}
