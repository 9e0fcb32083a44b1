const settings = null;

export const options = { vus: settings.vus };

export default function () {}
