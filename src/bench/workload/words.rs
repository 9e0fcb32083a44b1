//! Words that are one token each, with a blank in front of them, for the tokenizers of OpenAI's models and for most
//! others that were trained on English.

/// The commonest of them, so that made-up texts have the length in tokens that was asked for.
pub(super) const WORDS: &[&str] = &[
    "the", "of", "and", "to", "in", "is", "that", "for", "it", "was", "on", "as", "with", "be", "by", "this",
    "are", "from", "at", "or", "an", "have", "not", "which", "but", "all", "they", "one", "has", "their",
    "been", "when", "more", "will", "other", "about", "there", "some", "time", "would", "new", "what",
    "only", "can", "than", "first", "two", "also", "after", "any", "then", "over", "people", "most", "made",
    "may", "these", "like", "into", "could", "well", "very", "where", "work", "much", "many", "through",
    "back", "years", "way", "such", "make", "state", "world", "even", "good", "before", "must", "right",
    "still", "between", "life", "day", "here", "own", "each", "three", "part", "system", "long", "used",
    "number", "water", "high", "take", "small", "same", "last", "might", "great", "old", "year", "off",
    "come", "since", "against", "go", "came", "place", "end", "found", "while", "house", "home", "under",
    "both", "line", "turn", "move", "thing", "light", "school", "food", "story", "group", "city", "tree",
    "farm", "hard", "start", "near", "point", "play", "air", "letter", "answer", "study", "learn", "plant",
    "cover", "sun", "thought", "close", "night", "real", "open", "mark", "book", "river", "car", "second",
    "idea", "eat", "face", "watch", "far",
];
