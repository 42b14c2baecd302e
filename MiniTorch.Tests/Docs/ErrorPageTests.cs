namespace MiniTorch.Tests.Docs;

/// <summary>Every code that an error can carry has a page.</summary>
internal sealed class ErrorPageTests
{
    private static readonly MiniTorchException[] Errors =
    [
        .. new[] { typeof(MiniTorchException).Assembly,
        typeof(MiniTorch.Mpi.WorldException).Assembly }.SelectMany(assembly => assembly.GetExportedTypes())
            .Where(typeof(MiniTorchException).IsAssignableFrom)
            .Select(type => (MiniTorchException)Activator.CreateInstance(type)!),
    ];

    [Test]
    public void Every_error_code_has_a_page_that_names_the_type()
    {
        Errors.Select(error => error.Code).ShouldBeUnique();
        foreach (MiniTorchException error in Errors)
            File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "reference", "errors", $"{error.Code}.md"))
                .ShouldContain($"`{error.GetType().Name}`");
    }

    [Test]
    public void HelpLink_of_every_error_is_the_existing_page_of_its_code()
    {
        foreach (MiniTorchException error in Errors)
        {
            error.HelpLink.ShouldBe($"docs/reference/errors/{error.Code}.md");
            File.Exists(Path.Combine(RepositoryFiles.Root, error.HelpLink!)).ShouldBeTrue();
        }
        Should.Throw<ShapeException>(() => Tensor.Ones([2, 3]).MatMul(Tensor.Ones([2, 3]))).HelpLink.ShouldBe("docs/reference/errors/MT1001.md");
    }

    [Test]
    public void Text_of_an_error_ends_with_its_code_and_page() =>
        Should.Throw<ShapeException>(() => Tensor.Ones([2, 3]).MatMul(Tensor.Ones([2, 3]))).ToString()
            .ShouldEndWith($"{Environment.NewLine}MT1001: see docs/reference/errors/MT1001.md");

    [Test]
    public void HelpLink_that_was_set_is_kept() => new ValueException("of a plug-in") { HelpLink = "help.md" }.HelpLink.ShouldBe("help.md");
}
