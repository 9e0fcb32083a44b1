import { Trend } from "k6/metrics";

enum Size { Small = 1, Large = 10 }
interface Item { name: string; size: Size }

const sizes = new Trend("sizes");
const items: Item[] = [{ name: "a", size: Size.Small }, { name: "b", size: Size.Large }];

export default function (): void {
  for (const item of items satisfies Item[]) {
    sizes.add(item.size as number);
  }
  console.log(Size[items[1]!.size]);
  throw new Error("line fourteen" as string);
}
