"""What a sentence of a mail may say: a grammar of approved sentences, the facts that they name, and the match."""
