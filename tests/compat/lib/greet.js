export let greetings = 0;

export function greet(name) {
  greetings += 1;
  return `hello ${name}`;
}
